import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { message } from '../../../src/core/messages/message';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { EXPORT_FORMATS } from '../../../src/exports/formats';
import { ExportState } from '../../../src/ui/export/export.svelte';
import { ExportOffers } from '../../../src/ui/export/offers.svelte';
import type { ExportOffer, ExportResult, FormatName, OptionsByFormat } from '../../../src/worker/protocol';
import { adapterReport, deferred, engineOf } from './engine';

const adapter = adapterReport({ id: 'an-id' });
const offer = (format: FormatName, bytes = 100, changes: Partial<ExportOffer> = {}): ExportOffer => ({
  ...{ format, bytes, options: [], fileName: `tiny-${format}.zip`, files: [] },
  ...changes,
});
const noSettings = () => undefined;
const gone = () => new TunesmithError({ code: 'no_model' });

beforeEach(() => vi.stubGlobal('window', {}));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('what can be taken away', () => {
  it('is what the engine tells, and the chosen format stays chosen', async () => {
    const offers = vi.fn(() => Promise.resolve([offer('peft'), offer('merged', 5000)]));
    const state = new ExportState(
      engineOf({ adapter: { report: () => Promise.resolve(adapter), offers } }),
      noSettings,
    );
    await state.refresh();
    expect(state.adapter).toEqual(adapter);
    expect(state.offer?.format).toBe('peft');
    state.choose('merged');
    await state.setOption('export_dtype', 'float16');
    expect(offers).toHaveBeenLastCalledWith({ merged: { export_dtype: 'float16' } }, 'en');
    expect(state.offer).toMatchObject({ format: 'merged', bytes: 5000 });
  });

  it('follows the last option that was set, in whatever order the answers come', async () => {
    const answers = [deferred<ExportOffer[]>(), deferred<ExportOffer[]>()];
    let asked = -1;
    const report = () => Promise.resolve(adapter);
    const offers = () => answers[asked++]?.promise ?? Promise.resolve([offer('merged')]);
    const state = new ExportState(engineOf({ adapter: { report, offers } }), noSettings);
    await state.refresh();
    const first = state.setOption('export_dtype', 'float32');
    const second = state.setOption('export_dtype', 'float16');
    answers[1]!.resolve([offer('merged', 2)]);
    await second;
    answers[0]!.resolve([offer('merged', 4)]);
    await first;
    expect(state.offers.map(({ bytes }) => bytes)).toEqual([2]);
  });

  it('keeps the former offers if the engine refuses an option, and tells its error', async () => {
    const offers = vi.fn(() => Promise.resolve([offer('peft', 7)]));
    const fail = vi.fn();
    const engine = engineOf({ adapter: { report: () => Promise.resolve(adapter), offers } });
    const state = new ExportOffers(engine, noSettings, fail);
    const tell = vi.fn();
    await state.refresh(tell);
    expect(tell).toHaveBeenCalledExactlyOnceWith(adapter);
    offers.mockRejectedValueOnce(gone());
    await state.setOption('export_dtype', 'float64');
    expect(fail).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'no_model' }));
    expect(state.chosen?.bytes).toBe(7);
  });

  it('follows where the base comes from, and the files that are given', async () => {
    let said = '';
    const remote = {
      report: () => Promise.resolve({ ...adapter, base: { isAsked: true, said } }),
      offers: vi.fn(() => Promise.resolve([offer('peft')])),
      sayBase: (typed: string) => {
        said = typed;
        return Promise.resolve();
      },
      giveOriginals: vi.fn(() => Promise.reject(gone())),
    };
    const state = new ExportState(engineOf({ adapter: remote }), noSettings);
    await state.sayBase('owner/name');
    expect(state.adapter?.base).toEqual({ isAsked: true, said: 'owner/name' });
    expect(remote.offers).toHaveBeenCalledOnce();
    await state.giveOriginals({ name: 'base', files: [] });
    expect(state.exportError?.code).toBe('no_model');
    expect(remote.offers).toHaveBeenCalledOnce();
  });

  it('tells what is measured for the chosen options, and only for these', async () => {
    const found = message('export_originals_remote');
    const measure = vi.fn(() => Promise.resolve([found]));
    const offers = ({ gguf = {} }: OptionsByFormat) =>
      Promise.resolve([offer('gguf', 100, { measurable: gguf['export_base'] === 'original' })]);
    const state = new ExportState(
      engineOf({ adapter: { report: () => Promise.resolve(adapter), offers, measure } }),
      noSettings,
    );
    await state.refresh();
    await state.setOption('export_base', 'original');
    expect(state.notes).toEqual([found]);
    await state.setOption('export_base', 'trained');
    expect(state.notes).toEqual([]);
    expect(measure.mock.calls).toEqual([['gguf', { export_base: 'original' }, 'en']]);
    measure.mockRejectedValue(gone());
    await state.setOption('export_base', 'original');
    expect(state.exportError?.code).toBe('no_model');
  });

  it('has the options of each format apart, also those of one name', async () => {
    const planned: Record<string, string>[] = [];
    const plan = (options: OptionsByFormat): Promise<ExportOffer[]> => {
      const offers = EXPORT_FORMATS.map(({ name, options: own }) => {
        for (const [option, value] of Object.entries(options[name] ?? {})) {
          expect(own.find((each) => each.name === option)?.choices, name).toContain(value);
          planned.push({ format: name, option, value });
        }
        return offer(name, 100, { options: own });
      });
      return Promise.resolve(offers);
    };
    const report = () => Promise.resolve(adapter);
    const state = new ExportState(engineOf({ adapter: { report, offers: plan } }), noSettings);
    await state.refresh();
    state.choose('gguf');
    await state.setOption('quantization', 'F16');
    expect(state.exportError).toBeUndefined();
    state.choose('onnx');
    expect(state.options).toEqual({});
    await state.setOption('quantization', 'q8');
    expect(state.exportError).toBeUndefined();
    state.choose('gguf');
    expect(state.options).toEqual({ quantization: 'F16' });
    expect(planned.slice(-2)).toEqual([
      { format: 'gguf', option: 'quantization', value: 'F16' },
      { format: 'onnx', option: 'quantization', value: 'q8' },
    ]);
  });

  it('of the examples is asked with the settings of the next training', async () => {
    const offers = vi.fn(() => Promise.resolve([]));
    const examplesOffers = vi.fn(() => Promise.resolve([offer('cluster', 100, { needs: 'examples' })]));
    const exported = vi.fn(() => Promise.resolve({ ...offer('cluster'), check: {} }));
    const remote = { offers, examplesOffers, export: exported };
    const state = new ExportState(engineOf({ adapter: remote }), () => DEFAULTS);
    await state.renew();
    expect(examplesOffers).toHaveBeenLastCalledWith({}, 'en', DEFAULTS);
    // A changed setting changes nothing about the adapter's exports.
    expect(offers).not.toHaveBeenCalled();
    expect(state.offer?.format).toBe('cluster');
    await state.export();
    expect(exported).toHaveBeenLastCalledWith(
      'cluster',
      {},
      'en',
      expect.anything(),
      undefined,
      DEFAULTS,
      false,
    );
  });

  it('shows why it can’t be told, unless that was an older question', async () => {
    const answers = [deferred<ExportOffer[]>(), deferred<ExportOffer[]>()];
    let asked = -1;
    const report = () => Promise.resolve(adapter);
    const offers = () => answers[asked++]?.promise ?? Promise.resolve([offer('merged')]);
    const state = new ExportState(engineOf({ adapter: { report, offers } }), noSettings);
    await state.refresh();
    const first = state.setOption('max_shard_size', '1');
    const second = state.setOption('max_shard_size', '2');
    answers[0]!.reject(gone());
    await first;
    expect(state.exportError).toBeUndefined();
    answers[1]!.reject(gone());
    await second;
    expect(state.exportError?.code).toBe('no_model');
  });

  it('is nothing once the engine can’t tell', async () => {
    const report = vi.fn(() => Promise.resolve(adapter));
    const state = new ExportState(
      engineOf({ adapter: { report, offers: () => Promise.resolve([offer('peft')]) } }),
      noSettings,
    );
    await state.refresh();
    report.mockRejectedValueOnce(gone());
    await state.refresh();
    expect(state.adapter).toBeUndefined();
    expect(state.offers).toEqual([]);
    expect(state.exportError?.code).toBe('no_model');
  });
});

describe('an export', () => {
  const result: ExportResult = {
    ...{ format: 'peft', fileName: 'tiny-peft.zip', files: [], zip: new Blob(['zip']) },
    check: { checked: [], difference: 0, allowed: 0 },
  };
  const open = async (calls: object) => {
    const report = () => Promise.resolve(adapter);
    const offers = () => Promise.resolve([offer('peft'), offer('merged', 2 ** 33)]);
    const state = new ExportState(engineOf({ adapter: { report, offers, ...calls } }), noSettings);
    await state.refresh();
    return state;
  };

  it('hands out an address, which the next answer about the adapter ends', async () => {
    const revoke = vi.spyOn(URL, 'revokeObjectURL');
    const state = await open({ export: () => Promise.resolve(result) });
    const made = await state.export();
    expect(made?.fileName).toBe('tiny-peft.zip');
    expect(state.result).toEqual(result);
    expect(await state.file?.text()).toBe('zip');
    expect(state.exporting).toBe(false);
    await state.refresh();
    expect(revoke).toHaveBeenCalledWith(made?.address);
    expect(state.result).toBeUndefined();
  });

  it.each(['export', 'upload'] as const)('is forgotten once the next %s writes over it', async (next) => {
    const revoke = vi.spyOn(URL, 'revokeObjectURL');
    const stopped = () => Promise.reject(new DOMException('stopped', 'AbortError'));
    const write = vi.fn(() => Promise.resolve(result));
    const state = await open({ export: write, upload: stopped });
    const made = await state.export();
    expect(state.shown).toEqual(result);
    write.mockImplementation(stopped);
    if (next === 'export') await state.export();
    else await state.upload({ repo: 'anna/tuned', isPrivate: true, update: false, title: 'Upload' });
    expect(revoke).toHaveBeenCalledWith(made?.address);
    expect(state).toMatchObject({ shown: undefined, result: undefined, file: undefined, address: undefined });
  });

  it('stays if the visitor then chooses no file for another', async () => {
    const state = await open({ export: () => Promise.resolve(result) });
    await state.export();
    const cancel = () => Promise.reject(new DOMException('', 'AbortError'));
    vi.stubGlobal('window', { showSaveFilePicker: cancel });
    state.choose('merged');
    await state.export();
    state.choose('peft');
    expect(state.shown).toEqual(result);
  });

  it('of many gigabytes goes to the file that the visitor chooses', async () => {
    const saved = new File(['zip'], 'mine.zip');
    const handle = { getFile: () => Promise.resolve(saved) };
    vi.stubGlobal('window', { showSaveFilePicker: () => Promise.resolve(handle) });
    const calls = vi.fn(() => Promise.resolve({ ...result, zip: undefined }));
    const state = await open({ export: calls });
    state.choose('merged');
    expect(await state.export()).toBeUndefined();
    expect(calls).toHaveBeenCalledWith('merged', {}, 'en', expect.anything(), handle, undefined, false);
    expect(state.address).toBeUndefined();
    expect(state.file?.name).toBe(result.fileName);
    expect(await state.file?.text()).toBe('zip');
    expect(state.exportError).toBeUndefined();
  });

  it('of only the file that needs no others is asked for by its own name', async () => {
    const picker = vi.fn<(asked: { suggestedName: string }) => Promise<object>>(() => Promise.resolve({}));
    vi.stubGlobal('window', { showSaveFilePicker: picker });
    const alone = { name: 'tiny-Q8_0.gguf', bytes: 2 ** 32 };
    const exported = vi.fn(() => Promise.resolve(result));
    const state = await open({
      offers: () => Promise.resolve([offer('gguf', 2 ** 33, { alone })]),
      export: exported,
    });
    await state.export({ isAlone: true });
    expect(picker.mock.calls[0]![0]).toMatchObject({
      suggestedName: 'tiny-Q8_0.gguf',
      types: [{ accept: { 'application/octet-stream': ['.gguf'] } }],
    });
    expect(exported).toHaveBeenLastCalledWith('gguf', {}, 'en', expect.anything(), {}, undefined, true);
  });

  it('is no failure if the visitor chooses no file, or stops it', async () => {
    const cancel = new DOMException('', 'AbortError');
    vi.stubGlobal('window', { showSaveFilePicker: () => Promise.reject(cancel) });
    const state = await open({ export: () => Promise.reject(cancel) });
    state.choose('merged');
    expect(await state.export()).toBeUndefined();
    state.choose('peft');
    expect(await state.export()).toBeUndefined();
    expect(state.exportError).toBeUndefined();
  });

  it('shows why it failed, and why it can’t be stopped', async () => {
    const state = await open({
      export: () => Promise.reject(gone()),
      stopExport: () => Promise.reject(gone()),
    });
    await state.export();
    expect(state.exportError?.code).toBe('no_model');
    state.choose('peft');
    expect(state.exportError).toBeUndefined();
    await state.stop();
    expect(state.stopping).toBe(false);
    expect(state.exportError?.code).toBe('no_model');
  });
});
