import 'fake-indexeddb/auto';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { App } from '../../../src/ui/app.svelte';
import { FormerAdapter } from '../../../src/ui/runs/former.svelte';
import { stepStatuses } from '../../../src/ui/shell/status.svelte';
import { situationOf } from '../../../src/ui/shell/situation.svelte';
import type {
  AdapterReport,
  DataReport,
  DeviceReport,
  ExampleFile,
  ListedRun,
  ModelReport,
  RemoteEngine,
  RunRecord,
  TrainEvent,
} from '../../../src/worker/protocol';
import {
  adapterReport,
  deferred,
  listedRun,
  report,
  runRecord,
  stepEvent,
  stubAddress,
  stubLocalStorage,
} from './engine';

const { connected } = vi.hoisted(() => ({ connected: { engine: {} as RemoteEngine } }));
vi.mock(import('../../../src/worker/protocol'), async (original) => ({
  ...(await original()),
  connectEngine: () => connected.engine,
}));

const DEMO = report({ name: 'demo', source: 'demo' });
const gone = () => new TunesmithError({ code: 'run_data_missing', values: { files: ['a.jsonl'] } });

/** An engine that does as it is told, and writes down what it was asked. */
function engine() {
  const asked: string[] = [];
  let open: ModelReport | undefined;
  const answer =
    <T>(name: string, value: () => T) =>
    (): Promise<T> => {
      asked.push(name);
      return Promise.resolve(value());
    };
  const fake = {
    asked,
    /** Opens a model in the engine behind the page's back. */
    set open(model: ModelReport | undefined) {
      open = model;
    },
    listed: [] as readonly ListedRun[],
    /** A run with its history, as storage has it. */
    record: runRecord(),
    /** The examples that storage keeps with every run. */
    kept: [{ name: 'pirate.jsonl', content: new Blob(['{}']) }] as readonly ExampleFile[],
    device: answer('device', () => ({ kind: 'hardware' }) as unknown as DeviceReport),
    models: {
      open: vi.fn((source: { kind: string; repo?: string }) => {
        asked.push(`open ${source.repo ?? source.kind}`);
        open = source.kind === 'demo' ? DEMO : report({ name: source.repo ?? source.kind });
        return Promise.resolve(open);
      }),
      report: answer('model report', () => open),
      defaults: answer('defaults', () => DEFAULTS),
      stopOpening: answer('stop opening', () => undefined),
    },
    catalog: { setHub: answer('hub', () => undefined) },
    saved: { list: answer('saved', () => []), report: answer('room', () => undefined), remove: vi.fn() },
    examples: {
      demo: answer('demo', () => ({ name: 'pirate.jsonl', content: new Blob(['{}']) })),
      set: vi.fn(() => {
        asked.push('examples');
        return Promise.resolve({ examples: 80 } as unknown as DataReport);
      }),
      preview: answer('preview', () => []),
      report: answer('examples report', () => ({ examples: 3 }) as unknown as DataReport),
      stop: answer('stop reading', () => undefined),
    },
    runs: {
      list: (): Promise<readonly ListedRun[]> => Promise.resolve(fake.listed),
      read: (): Promise<RunRecord> => Promise.resolve(fake.record),
      examples: (): Promise<readonly ExampleFile[]> => Promise.resolve(fake.kept),
      stopOpening: vi.fn(() => Promise.resolve()),
      unreadable: () => Promise.resolve([] as string[]),
      plan: vi.fn<(...given: unknown[]) => Promise<object>>(() => {
        asked.push('plan');
        return Promise.resolve({ fits: true, memoryTotal: 1 });
      }),
      start: vi.fn<(settings: unknown, onEvent: (event: TrainEvent) => void) => Promise<RunRecord>>(() => {
        asked.push('start');
        return Promise.resolve(runRecord({ state: 'finished' }));
      }),
      continue: vi.fn((_: string, onEvent: (event: TrainEvent) => void): Promise<RunRecord> => {
        onEvent({ event: 'state', state: 'running' });
        return Promise.resolve(runRecord({ state: 'finished', checkpointStep: 10 }));
      }),
      open: vi.fn(() => Promise.resolve({})),
      remove: vi.fn(() => Promise.resolve()),
    },
    adapter: {
      report: answer('adapter', (): AdapterReport | undefined => undefined),
      offers: answer('offers', () => []),
      examplesOffers: answer('offers of the examples', () => []),
    },
  };
  connected.engine = fake as unknown as RemoteEngine;
  return fake;
}

beforeEach(() => {
  stubLocalStorage();
  stubAddress();
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  vi.stubGlobal('document', { documentElement: { dataset: {} }, querySelectorAll: () => [] });
});
afterEach(() => vi.unstubAllGlobals());

async function begun(): Promise<{ app: App; fake: ReturnType<typeof engine> }> {
  const fake = engine();
  const app = new App();
  await app.begin();
  return { app, fake };
}

describe('the page', () => {
  it('makes ready what it shows, and only what has changed since', async () => {
    const { app, fake } = await begun();
    expect(app.prepares).toBe(true);
    fake.asked.length = 0;
    expect(await app.preparation.ready()).toBe(true);
    expect(fake.asked.filter((name) => /^(open|examples|plan)/.test(name))).toEqual([
      'open demo',
      'examples',
      'plan',
    ]);
    fake.asked.length = 0;
    expect(await app.preparation.ready()).toBe(true);
    expect(fake.asked).toEqual([]);
    app.settings.set('learning_rate', 1e-5);
    await app.preparation.ready();
    expect(fake.asked).toEqual(['plan']);
    app.settings.set('max_seq_length', 64);
    await app.preparation.ready();
    expect(fake.asked).toContain('examples');
    expect(app.canStart).toBe(true);
  });

  it('takes a dropped file of settings wherever it is dropped, and shows all settings', async () => {
    const { app } = await begun();
    const drop = (...files: File[]) => app.takeSettings({ name: 'dropped', files });
    const config = { peft_type: 'LORA', r: 3, lora_alpha: 9, target_modules: ['q_proj'] };
    expect(await drop(new File([JSON.stringify(config)], 'adapter_config.json'))).toBe(true);
    expect(app.settings.values).toMatchObject({ r: 3, lora_alpha: 9, target_modules: ['q_proj'] });
    expect(app.settingsOpen).toBe(true);
    await app.takeDrop(
      Promise.resolve({ name: 'lora.yaml', files: [new File(['lora_rank: 5'], 'lora.yaml')], all: [] }),
    );
    expect(app.settings.values).toMatchObject({ r: 5, lora_alpha: 10 });
  });

  it('says that a file of settings is not loaded while a run uses them', async () => {
    const { app } = await begun();
    const picked = { name: 'lora.yaml', files: [new File(['lora_rank: 5'], 'lora.yaml')], all: [] };
    await app.takeDrop(Promise.resolve(picked));
    expect(app.settingsFile.taken?.file).toBe('lora.yaml');
    app.settings.set('r', 7);
    app.starting = true;
    await app.takeDrop(Promise.resolve(picked));
    expect(app.settings.values?.r).toBe(7);
    expect(app.settingsFile).toMatchObject({ taken: undefined, refused: 'lora.yaml' });
    app.starting = false;
    await app.takeDrop(Promise.resolve(picked));
    expect(app.settings.values?.r).toBe(5);
    expect(app.settingsFile.refused).toBeUndefined();
  });

  it('opens a dropped model with its weights, also if it has ONNX files below them, and else the chat', async () => {
    const { app } = await begun();
    const opened = vi.spyOn(app.onnx, 'open').mockResolvedValue();
    const folder = (...paths: string[]) => {
      const all = paths.map((path) => ({ path, file: new File(['{}'], path.split('/').at(-1)!) }));
      const files = all.flatMap(({ path, file }) => (path.includes('/') ? [] : file));
      return Promise.resolve({ name: 'SmolLM2', files, all });
    };
    await app.takeDrop(folder('config.json', 'model.safetensors', 'onnx/model.onnx'));
    expect(opened).not.toHaveBeenCalled();
    expect(app.route.place).toBe('model');
    await app.takeDrop(folder('config.json', 'tokenizer.json', 'onnx/model_q4.onnx'));
    expect(opened).toHaveBeenCalledOnce();
    expect(app.route.place).toBe('chat');
    app.route.go('model');
    const zipped = new File([zipSync({ 'x/onnx/model.onnx': new Uint8Array(1) })], 'x.zip');
    const all = [{ path: 'x.zip', file: zipped }];
    expect(await app.takeElsewhere({ name: 'x.zip', files: [zipped], all })).toBe(true);
    expect(opened).toHaveBeenCalledTimes(2);
    expect(app.route.place).toBe('chat');
  });

  it('says why it does not open a dropped ONNX export while the chat answers', async () => {
    const { app } = await begun();
    const opened = vi.spyOn(app.onnx, 'open').mockResolvedValue();
    app.chat.progress = { tuned: 'writing' };
    const file = new File(['x'], 'model.onnx');
    const all = [{ path: 'onnx/model.onnx', file }];
    await app.takeDrop(Promise.resolve({ name: 'x', files: [file], all }));
    expect(opened).not.toHaveBeenCalled();
    expect(app.route.place).toBe('chat');
    expect(app.onnx.error).toMatchObject({ code: 'engine_busy', values: { doing: 'chatting' } });
  });

  /** A GGUF file of version 3 without tensors whose metadata tells its kind. */
  function ggufOf(type: string): File {
    const bytes = new Uint8Array(256);
    const numbers = new DataView(bytes.buffer);
    let at = 0;
    const put = (text: string): void => {
      numbers.setBigUint64(at, BigInt(text.length), true);
      bytes.set(new TextEncoder().encode(text), at + 8);
      at += 8 + text.length;
    };
    bytes.set(new TextEncoder().encode('GGUF'));
    numbers.setUint32(4, 3, true);
    numbers.setBigUint64(16, 2n, true);
    at = 24;
    for (const [key, value] of [
      ['general.architecture', 'llama'],
      ['general.type', type],
    ] as const) {
      put(key);
      numbers.setUint32(at, 8, true);
      at += 4;
      put(value);
    }
    return new File([bytes], `${type}.gguf`);
  }

  it('takes a dropped GGUF file for a model unless it is an adapter', async () => {
    const { app } = await begun();
    await app.preparation.ready();
    const chosen = vi.spyOn(app.choice, 'chooseFiles').mockReturnValue();
    const file = ggufOf('model');
    await app.takeDrop(Promise.resolve({ name: file.name, files: [file], all: [{ path: file.name, file }] }));
    expect(chosen).toHaveBeenCalledTimes(1);
    expect(app.route.place).toBe('model');
  });

  it('imports an adapter that is dropped anywhere, as a folder, a zip or a GGUF file, into the open model', async () => {
    const { app } = await begun();
    const imported = vi.spyOn(app.exports, 'import').mockResolvedValue();
    const drop = async (...files: File[]) => {
      const all = files.map((file) => ({ path: file.name, file }));
      await app.takeDrop(Promise.resolve({ name: 'lora', files, all }));
    };
    const names = ['adapter_config.json', 'adapter_model.safetensors'] as const;
    const folder = names.map((name) => new File(['{}'], name));
    const entries = Object.fromEntries(names.map((name) => [`lora/${name}`, new Uint8Array(1)]));
    await drop(...folder);
    expect(app.route.place).toBe('export');
    expect(imported).not.toHaveBeenCalled();
    await app.preparation.ready();
    await drop(...folder);
    await drop(new File([zipSync(entries)], 'lora.zip'));
    expect(imported).toHaveBeenCalledTimes(2);
    await drop(folder[0]!, new File(['{}'], 'training_args.json'));
    expect(imported).toHaveBeenCalledTimes(2);
    await drop(ggufOf('adapter'));
    expect(imported).toHaveBeenCalledTimes(3);
    expect(app.route.place).toBe('export');
  });

  it('takes an adapter, a model and examples for no settings', async () => {
    const { app } = await begun();
    const files = (...names: string[]) => ({ name: 'x', files: names.map((name) => new File(['{}'], name)) });
    expect(await app.takeSettings(files('adapter_config.json', 'adapter_model.safetensors'))).toBe(false);
    expect(await app.takeSettings(files('rows.json'))).toBe(false);
    expect(app.settingsOpen).toBe(false);
  });

  it('prepares what is wanted last if that changes on the way', async () => {
    const { app, fake } = await begun();
    const slow = deferred<ModelReport>();
    fake.models.open.mockImplementationOnce(() => slow.promise);
    const ready = app.preparation.ready();
    app.model.choose({ kind: 'hub', repo: 'owner/other' }, 'owner/other');
    expect(app.preparation.ready()).toBe(ready);
    slow.reject(new Error('an outdated failure'));
    expect(await ready).toBe(true);
    expect(app.model).toMatchObject({ error: undefined, report: { name: 'owner/other' } });
  });

  it('does not start on examples, a model or a plan that are not good', async () => {
    const { app, fake } = await begun();
    fake.examples.set.mockResolvedValueOnce({ examples: 0 } as unknown as DataReport);
    await app.start();
    expect(fake.runs.start).not.toHaveBeenCalled();
    expect(app.starting).toBe(false);
    fake.runs.plan.mockResolvedValueOnce({ fits: false, memoryTotal: 9 });
    await app.start();
    expect(fake.runs.start).not.toHaveBeenCalled();
    expect(app.canStart).toBe(false);
    app.settings.set('r', 2);
    await app.start();
    expect(fake.runs.start).toHaveBeenCalledTimes(1);
    expect(app.training.phase).toBe('finished');
  });

  it('plans a run with the adapter that it begins with', async () => {
    const { app, fake } = await begun();
    await app.preparation.ready();
    app.startFromAdapter = true;
    // There is none yet.
    await app.preparation.ready();
    for (const r of [4, 8, 8]) {
      fake.adapter.report = () => Promise.resolve({ origin: 'imported', r } as AdapterReport);
      await app.exports.refresh();
      await app.preparation.ready();
    }
    app.startFromAdapter = false;
    await app.preparation.ready();
    const values = app.settings.values;
    expect(fake.runs.plan.mock.calls).toEqual([
      [values, 'new'],
      [values, 'adapter'],
      [values, 'adapter'],
      [values, 'new'],
    ]);
  });

  it('cannot be told to start with settings that are refused, says why, and can once they are changed', async () => {
    const { app, fake } = await begun();
    await app.preparation.ready();
    const values = { name: 'use_dora', range: 'false', value: 'true', fallback: 'false' };
    fake.runs.plan.mockRejectedValueOnce(new TunesmithError({ code: 'setting_invalid', values }));
    app.settings.set('use_dora', true);
    expect(await app.preparation.ready()).toBe(false);
    expect(app.canStart).toBe(false);
    expect(stepStatuses(app).train.tone).toBe('problem');
    app.settings.set('use_dora', false);
    expect(await app.preparation.ready()).toBe(true);
    expect(app.canStart).toBe(true);
  });

  it('says nothing of the former model’s plan once another model is wanted', async () => {
    const { app, fake } = await begun();
    const values = { method: 'exl2', instead: 'lora' };
    fake.runs.plan.mockRejectedValueOnce(new TunesmithError({ code: 'weights_quantized', values }));
    expect(await app.preparation.ready()).toBe(false);
    expect(app.training.planError?.code).toBe('weights_quantized');
    fake.models.open.mockRejectedValueOnce(
      new TunesmithError({ code: 'model_file_missing', values: { name: 'config.json' } }),
    );
    app.model.choose({ kind: 'hub', repo: 'owner/other' }, 'owner/other');
    expect(await app.preparation.ready()).toBe(false);
    expect(app.training.planError).toBeUndefined();
    expect(app.model.error?.code).toBe('model_file_missing');
  });

  it('may be told to start again if the plan failed for a reason that can pass', async () => {
    const { app, fake } = await begun();
    fake.runs.plan.mockRejectedValueOnce(new TunesmithError({ code: 'device_lost' }));
    expect(await app.preparation.ready()).toBe(false);
    expect(app.canStart).toBe(true);
  });

  it('says so if the engine breaks while something is made ready', async () => {
    const { app, fake } = await begun();
    fake.models.defaults = () => Promise.reject(new TunesmithError({ code: 'worker_failed' }));
    expect(await app.preparation.ready()).toBe(false);
    expect(app.engine.failure?.code).toBe('worker_failed');
    expect(app.prepares).toBe(false);
    // Only a new worker can help.
    expect(app.engine.canRecover).toBe(false);
  });

  it('offers after a reload to go on with what was interrupted, until something else is begun', async () => {
    const fake = engine();
    fake.listed = [listedRun({ state: 'running', checkpointStep: 2 })];
    const app = new App();
    await app.begin();
    expect(situationOf(app).kind).toBe('unfinished');
    await app.start();
    expect(situationOf(app).kind).toBe('ended');
    expect(app.runs.unfinished).toBeUndefined();
  });

  it.each([
    [0, 'start'],
    [3, 'ended'],
  ])('after a stop at step %i shows what there is to do: %s', async (checkpointStep, kind) => {
    const { app, fake } = await begun();
    fake.runs.start.mockResolvedValueOnce(runRecord({ state: 'stopped', checkpointStep }));
    await app.start();
    expect(app.training.phase).toBe('stopped');
    expect(situationOf(app).kind).toBe(kind);
  });

  it('goes on with a run and shows its model, its examples and its settings', async () => {
    const { app, fake } = await begun();
    await app.preparation.ready();
    const ended = deferred<RunRecord>();
    const settings = { ...DEFAULTS, r: 5 };
    fake.runs.continue.mockImplementationOnce((_, onEvent) => {
      fake.open = report({ name: 'owner/trained', repo: 'owner/trained' });
      onEvent({ event: 'state', state: 'running' });
      return ended.promise;
    });
    fake.record = runRecord({ settings, history: [stepEvent(1)] });
    const over = app.continueRun(fake.record);
    await vi.waitFor(() => expect(app.settings.values?.r).toBe(5));
    expect(app).toMatchObject({ work: { kind: 'training' }, locked: true });
    expect(app.model.name).toBe('owner/trained');
    expect(app.examples.report?.examples).toBe(3);
    ended.resolve(runRecord({ state: 'finished' }));
    await over;
    expect(app.locked).toBe(false);
    // The engine has read the examples for the run: only the plan is still to be made.
    fake.asked.length = 0;
    await app.preparation.ready();
    expect(fake.asked).toEqual(['plan']);
  });

  it.each(['openRun', 'continueRun'] as const)(
    'opens its own model and examples again if %s failed half-way',
    async (way) => {
      const { app, fake } = await begun();
      fake.listed = [listedRun()];
      await app.preparation.ready();
      const fail = (): Promise<never> => {
        // The engine has the run's model by now, and perhaps its examples.
        fake.open = report({ name: 'owner/trained' });
        return Promise.reject(gone());
      };
      fake.runs.open.mockImplementationOnce(fail);
      fake.runs.continue.mockImplementationOnce(fail);
      await app[way](runRecord());
      expect(app.runs.failures.get('a-run')?.code).toBe('run_data_missing');
      expect(app.training).toMatchObject({ phase: 'idle', error: undefined });
      expect(app.work).toBeUndefined();
      fake.asked.length = 0;
      await app.start();
      expect(fake.asked.filter((name) => /^(open|examples|start)/.test(name))).toEqual([
        'open demo',
        'examples',
        'start',
      ]);
    },
  );

  it('opens and continues no run while Start prepares another', async () => {
    const { app, fake } = await begun();
    fake.listed = [listedRun()];
    await app.preparation.ready();
    app.starting = true;
    expect(app).toMatchObject({ locked: true, idle: false });
    await app.openRun(runRecord());
    await app.continueRun(runRecord());
    expect(fake.runs.open).not.toHaveBeenCalled();
    expect(fake.runs.continue).not.toHaveBeenCalled();
  });

  it('tells of no end if a run could not be continued', async () => {
    const { app, fake } = await begun();
    fake.listed = [listedRun()];
    await app.preparation.ready();
    app.training.display(runRecord({ state: 'finished' }));
    const tell = vi.spyOn(app.news, 'tell');
    fake.runs.continue.mockRejectedValueOnce(gone());
    await app.continueRun(runRecord());
    expect(app.training.phase).toBe('finished');
    expect(tell).not.toHaveBeenCalled();
  });

  it('hands over its examples again if a run over the same model failed half-way', async () => {
    const { app, fake } = await begun();
    await app.preparation.ready();
    fake.runs.open.mockRejectedValueOnce(gone());
    await app.openRun(runRecord());
    fake.asked.length = 0;
    await app.start();
    expect(fake.asked.filter((name) => /^(open|examples|start)/.test(name))).toEqual(['examples', 'start']);
  });

  it('says why a run could not be removed, and shows what is left', async () => {
    const { app, fake } = await begun();
    fake.listed = [listedRun({ usedBy: 'another tab' })];
    const elsewhere = new TunesmithError({ code: 'run_in_other_tab' });
    fake.runs.remove.mockRejectedValueOnce(elsewhere);
    await app.removeRuns('a-run');
    expect(app.runs.list).toMatchObject([{ id: 'a-run' }]);
    expect(app.runs.failures.get('a-run')?.code).toBe('run_in_other_tab');
    fake.listed = [];
    fake.asked.length = 0;
    await app.removeRuns('a-run');
    expect(app.runs.list).toEqual([]);
    expect(app.runs.failures.size).toBe(0);
    // A model may have been kept for it alone.
    expect(fake.asked).toContain('saved');
  });

  it('calls an open adapter by its former name once its run is removed, and says that it is not saved', async () => {
    const { app, fake } = await begun();
    fake.listed = [listedRun({ name: 'Pirate' })];
    await app.runs.refresh();
    app.exports.adapter = adapterReport({ origin: 'a-run' });
    expect(app).toMatchObject({ adapterName: 'Pirate', adapterUnsaved: false });
    fake.listed = [];
    await app.removeRuns('a-run');
    expect(app).toMatchObject({ adapterName: 'Pirate', adapterUnsaved: true });
  });

  describe('after a reload', () => {
    const adapter = { origin: 'a-run', r: 4 } as AdapterReport;

    /** A page whose adapter was that of a run before it was reloaded. */
    async function reloaded(
      run: Partial<ListedRun>,
      arrange: (fake: ReturnType<typeof engine>) => void = () => undefined,
    ) {
      stubLocalStorage({ 'tunesmith.adapter': JSON.stringify({ run: 'a-run' }) });
      const fake = engine();
      fake.listed = [listedRun({ state: 'finished', ...run })];
      fake.record = runRecord({ state: 'finished', history: [stepEvent(1)] });
      fake.runs.open.mockImplementation(() => {
        fake.open = DEMO;
        fake.adapter.report = () => Promise.resolve(adapter);
        return Promise.resolve({});
      });
      arrange(fake);
      const app = new App();
      await app.begin();
      return { app, fake };
    }

    it('opens the last adapter again, with its curve, and keeps the settings of the page', async () => {
      const { app, fake } = await reloaded({}, () =>
        localStorage.setItem('tunesmith.settings', '{"learning_rate":0.125}'),
      );
      expect(fake.runs.open).toHaveBeenCalledTimes(1);
      expect(app.exports.adapter).toEqual(adapter);
      expect(app.training).toMatchObject({ phase: 'finished', events: [stepEvent(1)] });
      expect(app.settings.values?.learning_rate).toBe(0.125);
      expect(app.former).toMatchObject({ opening: false, closed: false });
      // The engine has the model and the examples already.
      fake.asked.length = 0;
      await app.preparation.ready();
      expect(fake.asked).toEqual(['plan']);
    });

    it.each<[string, (app: App) => void, Partial<App['former']>]>([
      [
        'that it is closed once its base opens with other settings',
        (app) => app.settings.set('load_in_4bit', false),
        { run: 'a-run', closed: true, reloaded: true },
      ],
      [
        'nothing of it once another model opens',
        (app) => app.choice.chooseFiles({ name: 'mine', files: [new File([], 'config.json')] }),
        { run: undefined, closed: false },
      ],
    ])('says %s', async (_, change, former) => {
      const { app, fake } = await reloaded({});
      await app.preparation.ready();
      fake.adapter.report = () => Promise.resolve(undefined);
      change(app);
      await app.preparation.ready();
      expect(app.exports.adapter).toBeUndefined();
      expect(app.former).toMatchObject(former);
      // The next page begins with the new choice, too.
      expect(new FormerAdapter().run).toBeUndefined();
    });

    it('keeps in mind the adapter that stays open because its base can’t be opened with other settings', async () => {
      const { app, fake } = await reloaded({});
      await app.preparation.ready();
      fake.models.open.mockRejectedValueOnce(new TunesmithError({ code: 'demo_missing' }));
      app.settings.set('load_in_4bit', false);
      expect(await app.preparation.ready()).toBe(false);
      expect(app.exports.adapter).toEqual(adapter);
      expect(app.former).toMatchObject({ run: 'a-run', closed: false });
      expect(new FormerAdapter().run).toBe('a-run');
    });

    it('opens nothing for someone who has never trained', async () => {
      const { fake } = await begun();
      expect(fake.runs.open).not.toHaveBeenCalled();
    });

    it.each<[string, Partial<ListedRun>]>([
      ['its model has to be downloaded', { base: 'fetch' }],
      ['its model is gone', { base: 'gone' }],
      ['another tab uses it', { usedBy: 'another tab' }],
    ])('says so instead if %s', async (_, run) => {
      const { app, fake } = await reloaded(run);
      expect(fake.runs.open).not.toHaveBeenCalled();
      expect(app.former.closed).toBe(true);
      expect(app.prepares).toBe(true);
      await app.openRun({ id: 'a-run' });
      expect(app.former.closed).toBe(false);
      expect(app.exports.adapter).toEqual(adapter);
    });

    it('can be told to skip it, and does not try again the next time', async () => {
      const { app } = await reloaded({}, (fake) =>
        fake.runs.open.mockRejectedValueOnce(new DOMException('Stopped.', 'AbortError')),
      );
      expect(app.former).toMatchObject({ run: undefined, closed: false });
      expect(app.prepares).toBe(true);
      expect(new FormerAdapter().run).toBeUndefined();
    });

    it('says what went wrong, and tries again the next time', async () => {
      const { app } = await reloaded({}, (fake) => fake.runs.open.mockRejectedValueOnce(gone()));
      expect(app.former).toMatchObject({ run: 'a-run', closed: true });
      expect(app.runs.failures.get('a-run')?.code).toBe('run_data_missing');
    });

    it('leaves it closed if a run was interrupted, which is offered to be continued', async () => {
      const { app, fake } = await reloaded({ state: 'running' });
      expect(fake.runs.open).not.toHaveBeenCalled();
      expect(situationOf(app).kind).toBe('unfinished');
    });
  });

  it('opens a run with its examples, its template, its settings and its sample prompts', async () => {
    const { app, fake } = await begun();
    await app.preparation.ready();
    await app.examples.add([new File(['{"text":"mine"}'], 'mine.jsonl')]);
    const settings = {
      ...DEFAULTS,
      r: 5,
      template: 'alpaca' as const,
      max_seq_length: 77,
      sample_prompts: ['Who?'],
    };
    fake.record = runRecord({ settings, state: 'finished' });
    fake.kept = [{ name: 'rows.jsonl', content: new Blob(['{"text":"of the run"}']) }];
    fake.runs.open.mockImplementationOnce(() => {
      fake.open = DEMO;
      return Promise.resolve({});
    });
    await app.openRun({ id: 'a-run' });
    expect(app.settings.values).toEqual(settings);
    expect(app.examples).toMatchObject({ own: true, files: fake.kept });
    expect(app.route.place).toBe('train');
    // The engine has them already.
    fake.asked.length = 0;
    await app.preparation.ready();
    expect(fake.asked).toEqual(['plan']);
    // The files of before are not lost.
    app.examples.putBack();
    expect(app.examples.files.map(({ name }) => name)).toEqual(['mine.jsonl']);
    expect(app.examples.replaced).toBeUndefined();
  });

  it('takes a run that has ended for the last adapter at once, before the lists are read', async () => {
    const { app, fake } = await begun();
    fake.runs.start.mockResolvedValueOnce(runRecord({ state: 'finished', checkpointStep: 10 }));
    vi.spyOn(fake.runs, 'list').mockReturnValue(new Promise(() => undefined));
    void app.start();
    await vi.waitFor(() => expect(app.training.phase).toBe('finished'));
    await vi.waitFor(() => expect(new FormerAdapter().run).toBe('a-run'));
  });

  it('does not take a run that stopped at once for the last adapter', async () => {
    const { app, fake } = await begun();
    fake.runs.start.mockResolvedValueOnce(runRecord({ state: 'stopped', checkpointStep: 0 }));
    await app.start();
    expect(app.exports.adapter).toBeUndefined();
    expect(app.former.run).toBeUndefined();
  });

  it('continues after a failure the very run that failed', async () => {
    const { app, fake } = await begun();
    fake.listed = [
      listedRun({ id: 'another', state: 'stopped' }),
      listedRun({ id: 'failed', state: 'failed' }),
    ];
    fake.runs.start.mockImplementationOnce((_, onEvent) => {
      onEvent({ event: 'state', state: 'preparing', run: 'failed' });
      onEvent({ event: 'checkpoint', step: 2 });
      return Promise.reject(new TunesmithError({ code: 'device_lost' }));
    });
    await app.start();
    expect(app.shownRun?.id).toBe('failed');
    expect(situationOf(app).next?.name).toBe('continue');
    fake.runs.start.mockRejectedValueOnce(new TunesmithError({ code: 'no_model' }));
    await app.start();
    expect(app.shownRun).toBeUndefined();
  });

  it('can stop the opening of a run being continued', async () => {
    const { app, fake } = await begun();
    await app.preparation.ready();
    const opening = deferred<RunRecord>();
    fake.runs.continue.mockImplementationOnce(() => opening.promise);
    const over = app.continueRun({ id: 'a-run' });
    await vi.waitFor(() => expect(fake.runs.continue).toHaveBeenCalled());
    expect(app).toMatchObject({ work: { kind: 'opening_run' }, canChat: false, canStart: false });
    situationOf(app).others[0]?.press();
    expect(fake.runs.stopOpening).toHaveBeenCalledTimes(1);
    opening.reject(new DOMException('Stopped.', 'AbortError'));
    await over;
    expect(app.work).toBeUndefined();
    expect(app.training).toMatchObject({ phase: 'idle', error: undefined });
    expect(app.runs.failures.size).toBe(0);
  });

  it('does not chat while Start makes ready what training needs', async () => {
    const { app, fake } = await begun();
    await app.preparation.ready();
    const planned = deferred<object>();
    fake.runs.plan.mockImplementationOnce(() => planned.promise);
    app.settings.set('r', 3);
    const over = app.start();
    expect(app).toMatchObject({ work: { kind: 'starting' }, canChat: false });
    planned.resolve({ fits: true, memoryTotal: 1 });
    await over;
    expect(app.canChat).toBe(true);
  });

  it('says beside the run, and goes on, if what a run brings can’t be shown', async () => {
    const { app, fake } = await begun();
    await app.preparation.ready();
    fake.runs.examples = () => Promise.reject(gone());
    await app.openRun({ id: 'a-run' });
    expect(app.runs.failures.get('a-run')?.code).toBe('run_data_missing');
    expect(app.engine.failure).toBeUndefined();
    expect(app.canStart).toBe(true);
  });
});
