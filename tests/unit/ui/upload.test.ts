import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { ExportState } from '../../../src/ui/export/export.svelte';
import { UploadForm } from '../../../src/ui/export/upload_form.svelte';
import type { UploadResult } from '../../../src/worker/protocol';
import { adapterReport, deferred, engineOf } from './engine';

const target = { repo: 'anna/tuned', isPrivate: true, update: false, title: 'Upload' };
const done: UploadResult = {
  ...{ format: 'peft', repo: 'anna/tuned', address: 'https://hub/anna/tuned' },
  check: { checked: [], difference: 0, allowed: 0 },
};

async function stateWith(upload: () => Promise<UploadResult>): Promise<ExportState> {
  const peft = { format: 'peft', bytes: 1, options: [], fileName: 'tiny-lora.zip', files: [] };
  const offers = [peft, { ...peft, format: 'merged' }];
  const state = new ExportState(
    engineOf({
      adapter: {
        report: () => Promise.resolve(adapterReport()),
        offers: () => Promise.resolve(offers),
        upload,
      },
    }),
    () => undefined,
  );
  await state.refresh();
  return state;
}

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
});
afterEach(() => void vi.unstubAllGlobals());

describe('an upload', () => {
  it('is work of the page until it ends with an address', async () => {
    const answer = deferred<UploadResult>();
    const upload = vi.fn(() => answer.promise);
    const state = await stateWith(upload);
    const uploading = state.upload(target);
    expect(state.exporting).toBe(true);
    answer.resolve(done);
    await uploading;
    expect(state.exporting).toBe(false);
    expect(state.uploaded).toEqual(done);
    expect(upload).toHaveBeenCalledWith('peft', {}, 'en', target, expect.any(Function));
  });

  it('shows its error beside its button, until another format is chosen', async () => {
    const exists = new TunesmithError({ code: 'repository_exists', values: { repo: 'a/b', host: 'hub' } });
    const state = await stateWith(() => Promise.reject(exists));
    await state.upload(target);
    expect(state.uploadError?.code).toBe('repository_exists');
    expect(state.exportError).toBeUndefined();
    state.choose('merged');
    expect(state.uploadError).toBeUndefined();
  });

  it('is shown only beside its format and options', async () => {
    const state = await stateWith(() => Promise.resolve(done));
    await state.upload(target);
    state.choose('merged');
    expect(state.uploaded).toBeUndefined();
    state.choose('peft');
    expect(state.uploaded).toEqual(done);
    await state.setOption('export_dtype', 'float16');
    expect(state.uploaded).toBeUndefined();
  });

  it('shows no error if it was stopped', async () => {
    const state = await stateWith(() => Promise.reject(new DOMException('stopped', 'AbortError')));
    await state.upload(target);
    expect(state.uploadError).toBeUndefined();
    expect(state.uploaded).toBeUndefined();
  });
});

describe('the form of an upload', () => {
  it('proposes the export’s name under the owner of the last upload', () => {
    const form = new UploadForm(() => 'tiny-lora');
    expect(form.repo).toBe('');
    form.setRepo('anna/first');
    form.remember('anna/first');
    expect(form.repo).toBe('anna/first');
    expect(new UploadForm(() => 'tiny-merged').repo).toBe('anna/tiny-merged');
  });

  it('asks again before it updates another repository', () => {
    const form = new UploadForm(() => 'tiny-lora');
    form.update = true;
    form.setRepo('anna/other');
    expect(form.update).toBe(false);
  });
});
