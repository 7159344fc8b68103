import { describe, expect, it } from 'vitest';
import { TunesmithError, type ErrorCode } from '../../../src/core/errors';
import { DEFAULTS } from '../../../src/core/settings/settings';
import type { ModelOrigin } from '../../../src/session/model_origin';
import type { StoredRun } from '../../../src/storage/runs';
import type { TrainEvent } from '../../../src/train/events';
import { Models, type ModelParts } from '../../../src/worker/models';
import { Turns } from '../../../src/worker/turns';
import { MemoryFiles } from '../storage/memory_files';

const run: StoredRun = {
  id: 'r',
  startedAt: '',
  updatedAt: '',
  modelName: 'a/b',
  modelSource: 'hub',
  modelRepo: 'a/b',
  modelCommit: 'c0ffee',
  baseId: 'base',
  modelHash: 'hash-nf4-double',
  dataFiles: [],
  settings: DEFAULTS,
  state: 'stopped',
  checkpointStep: 3,
  steps: 5,
  history: [],
  bytes: 1,
};

/** Models over a library that records what it is asked for. */
function openModels({ modelHash = '', failure }: { modelHash?: string; failure?: TunesmithError } = {}) {
  const opened: ModelOrigin[] = [];
  const folders: string[] = [];
  const state = { modelHash };
  const session = {
    get hasModel() {
      return state.modelHash !== '';
    },
    get modelHash() {
      return state.modelHash;
    },
    openModel: (_: unknown, { name }: { name: string }) => {
      folders.push(name);
      state.modelHash = run.modelHash!;
      return Promise.resolve();
    },
  } as unknown as ModelParts['session'];
  const library: ModelParts['library'] = {
    open: (origin) => {
      opened.push(origin);
      state.modelHash = failure ? '' : run.modelHash!;
      return failure ? Promise.reject(failure) : Promise.resolve();
    },
    keep: ({ onProgress }) => {
      onProgress({ label: 'Keeping', fraction: 0.5 });
      return failure ? Promise.reject(failure) : Promise.resolve('base');
    },
  };
  const files = new MemoryFiles();
  const models = new Models({
    base: 'http://localhost/',
    session,
    library,
    turns: new Turns(),
    runs: { files: () => Promise.resolve(files) },
  });
  return { models, opened, folders, files, state };
}

const nothing = (): void => undefined;
const errorOf = (code: ErrorCode): TunesmithError => new TunesmithError({ code, message: `${code}.` });

describe('the model of a run that goes on', () => {
  it('is left as it is where it is open', async () => {
    const { models, opened } = openModels({ modelHash: run.modelHash! });
    await models.reopen(run, nothing);
    expect(opened).toEqual([]);
  });

  it('is opened from storage where another is open', async () => {
    const { models, opened } = openModels({ modelHash: 'another' });
    await models.reopen(run, nothing);
    expect(opened).toEqual([{ kind: 'stored', id: 'base' }]);
  });

  it.each(['base_missing', 'base_damaged'] as const)(
    'is missed with the way to get it again: %s',
    async (code) => {
      const { models } = openModels({ failure: errorOf(code) });
      await expect(models.reopen(run, nothing)).rejects.toMatchObject({
        code: 'run_model_missing',
        hint: expect.stringMatching(/^Open a\/b@c0ffee from the hub again, with load_in_4bit true/) as string,
      });
      const folder = { ...run, modelSource: 'files' as const, modelRepo: undefined, modelName: 'mine' };
      await expect(models.reopen(folder, nothing)).rejects.toMatchObject({
        hint: expect.stringMatching(/^Open the folder of mine again/) as string,
      });
    },
  );

  it('tells any other failure as it is', async () => {
    const { models } = openModels({ failure: errorOf('gpu_out_of_memory') });
    await expect(models.reopen(run, nothing)).rejects.toMatchObject({ code: 'gpu_out_of_memory' });
  });

  it('is missed where its storage has another under its name', async () => {
    const { models } = openModels();
    const changed = { ...run, modelHash: 'what it was' };
    await expect(models.reopen(changed, nothing)).rejects.toMatchObject({ code: 'run_model_missing' });
  });

  it('is read from its files where it was kept before there were bases', async () => {
    const { models, files, folders, opened } = openModels();
    const former = {
      ...run,
      modelSource: 'files' as const,
      baseId: undefined,
      modelHash: undefined,
      modelId: 'm',
    };
    await expect(models.reopen(former, nothing)).rejects.toMatchObject({ code: 'run_model_missing' });
    await files.write('models/m/files/config.json', new Uint8Array(2));
    const manifest = { name: 'mine', files: [{ name: 'config.json', bytes: 2 }] };
    await files.write('models/m/manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
    await models.reopen(former, nothing);
    expect(folders).toEqual(['a/b']);
    expect(opened).toEqual([]);
  });
});

describe('what a run keeps of its model', () => {
  it('is its base', async () => {
    const events: TrainEvent[] = [];
    expect(await openModels().models.keepForRun((event) => events.push(event))).toBe('base');
    expect(events).toMatchObject([{ state: 'preparing', message: 'Keeping, to go on after a reload: 50 %' }]);
  });

  it('is nothing where there is no room, which is told', async () => {
    const events: TrainEvent[] = [];
    const { models } = openModels({ failure: errorOf('storage_full') });
    expect(await models.keepForRun((event) => events.push(event))).toBeUndefined();
    expect(events.at(-1)).toMatchObject({
      message: expect.stringContaining('no room to keep the model') as string,
    });
    const broken = openModels({ failure: errorOf('device_lost') }).models;
    await expect(broken.keepForRun(nothing)).rejects.toMatchObject({ code: 'device_lost' });
  });
});

describe('a source that the page names', () => {
  it('is a model of a hub, with its revision', async () => {
    const { models } = openModels();
    expect(await models.origin({ kind: 'hub', repo: 'a/b@v1' })).toEqual({
      kind: 'hub',
      reference: { repo: 'a/b', revision: 'v1' },
    });
    expect(await models.origin({ kind: 'hub', repo: 'a/b', revision: 'v2' })).toMatchObject({
      reference: { revision: 'v2' },
    });
    expect(await models.origin({ kind: 'hub', repo: 'a/b', file: 'b-Q8_0.gguf' })).toMatchObject({
      reference: { repo: 'a/b', file: 'b-Q8_0.gguf' },
    });
    await expect(models.origin({ kind: 'hub', repo: 'nothing' })).rejects.toMatchObject({
      code: 'model_reference',
    });
  });

  it('is the files of a folder', async () => {
    const file = new File(['{}'], 'config.json');
    const origin = await openModels().models.origin({ kind: 'files', name: 'mine', files: [file] });
    expect(origin).toMatchObject({ kind: 'folder', identity: { name: 'mine', source: 'files' } });
    expect(origin.kind === 'folder' && [...origin.folder.keys()]).toEqual(['config.json']);
  });
});
