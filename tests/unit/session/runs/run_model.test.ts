import { describe, expect, it } from 'vitest';
import { TunesmithError, type ErrorCode, type TunesmithErrorInit } from '../../../../src/core/errors';
import { message } from '../../../../src/core/messages/message';
import { ModelOpener } from '../../../../src/session/models/opener';
import type { OnProgress } from '../../../../src/session/progress';
import type { ModelOrigin } from '../../../../src/session/models/sources';
import { keepRunModel, reopenRunModel } from '../../../../src/session/runs/run_model';
import type { StoredRun } from '../../../../src/storage/runs';
import type { TrainEvent } from '../../../../src/train/events';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { told } from '../../told';

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
const folder: StoredRun = { ...run, modelSource: 'files', modelRepo: undefined, modelName: 'mine' };

/** A session and an opener over a library that notes what it is asked for. */
function parts(failures: Partial<Record<ModelOrigin['kind'], TunesmithError>> = {}, modelHash = '') {
  const opened: ModelOrigin[] = [];
  const session = {
    modelHash,
    get hasModel() {
      return session.modelHash !== '';
    },
  };
  const opener = new ModelOpener({
    open: (origin) => {
      opened.push(origin);
      const failure = failures[origin.kind];
      session.modelHash = failure ? '' : run.modelHash!;
      return failure ? Promise.reject(failure) : Promise.resolve();
    },
  });
  const reopen = (which: StoredRun): Promise<void> => reopenRunModel(session, opener, which, () => undefined);
  return { reopen, opened };
}

const errorOf = (code: ErrorCode): TunesmithError =>
  new TunesmithError({ code, values: {} } as TunesmithErrorInit);
const stored = { kind: 'stored', id: 'base' };
const fromHub = { kind: 'hub', reference: { repo: 'a/b', revision: 'c0ffee' } };

describe('the model of a run that goes on', () => {
  it('is left as it is if it is open', async () => {
    const { reopen, opened } = parts({}, run.modelHash);
    await reopen(run);
    expect(opened).toEqual([]);
  });

  it('is opened from storage if another is open', async () => {
    const { reopen, opened } = parts({}, 'another');
    await reopen(run);
    expect(opened).toEqual([stored]);
  });

  it.each(['base_missing', 'base_damaged'] as const)(
    'is downloaded again at its commit after %s',
    async (code) => {
      const { reopen, opened } = parts({ stored: errorOf(code) });
      await reopen(run);
      expect(opened).toEqual([stored, fromHub]);
    },
  );

  it('is downloaded again if no base could be saved, as in a browser without files', async () => {
    const { reopen, opened } = parts();
    await reopen({ ...run, baseId: undefined });
    expect(opened).toEqual([fromHub]);
  });

  it('is missed, with the way to get it again, if it came from a folder', async () => {
    const hint = expect.stringMatching(/^Open the folder of mine again, with load_in_4bit true/) as string;
    const { reopen } = parts({ stored: errorOf('base_missing') });
    for (const run of [folder, { ...folder, baseId: undefined }]) {
      expect(await reopen(run).catch(told)).toMatchObject({ code: 'run_model_missing', hint });
    }
  });

  it('tells any other failure as it is', async () => {
    const { reopen } = parts({ stored: errorOf('gpu_out_of_memory') });
    await expect(reopen(run)).rejects.toMatchObject({ code: 'gpu_out_of_memory' });
  });

  it('is refused if what is there now computes something else', async () => {
    const changed = { ...run, modelHash: 'what it was' };
    await expect(parts().reopen(changed)).rejects.toMatchObject({ code: 'run_model_differs' });
    await expect(parts().reopen({ ...folder, modelHash: 'what it was' })).rejects.toMatchObject({
      code: 'run_model_differs',
    });
  });
});

describe('what a run keeps of its model', () => {
  const keeping = (failure?: TunesmithError) => {
    const events: TrainEvent[] = [];
    const library = {
      keep: ({ onProgress }: { onProgress: OnProgress }) => {
        onProgress({ label: message('copy_keeping'), fraction: 0.5 });
        return failure ? Promise.reject(failure) : Promise.resolve('base');
      },
    };
    return { events, kept: keepRunModel(library, (event) => events.push(event)) };
  };

  it('is its base', async () => {
    const { events, kept } = keeping();
    expect(await kept).toBe('base');
    expect(events).toMatchObject([
      {
        state: 'preparing',
        message: message('keeping_for_reload', { label: message('copy_keeping'), fraction: 0.5 }),
      },
    ]);
  });

  it('is nothing if there is no room, which is told', async () => {
    const { events, kept } = keeping(errorOf('storage_full'));
    expect(await kept).toBeUndefined();
    expect(events.at(-1)).toMatchObject({
      message: { code: 'run_copy_no_room', values: { reason: { code: 'storage_full' } } },
    });
    await expect(keeping(errorOf('device_lost')).kept).rejects.toMatchObject({ code: 'device_lost' });
  });
});
