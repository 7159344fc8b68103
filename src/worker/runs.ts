import { TunesmithError, describeError } from '../core/errors';
import type { CheckpointState } from '../formats/checkpoint';
import type { CheckpointFolder, TrainingOutcome } from '../session/training';
import { loadCheckpoint } from '../storage/checkpoints';
import type { FileStore } from '../storage/file_store';
import { withRunLock, withStorageLock } from '../storage/locks';
import { openOpfs } from '../storage/opfs';
import { persistStorage } from '../storage/quota';
import { databaseRecords } from '../storage/records';
import { RunStore, historyUpTo, runFolder, type NewRun, type StoredRun } from '../storage/runs';
import type { TrainEvent } from '../train/events';

/** The runs of this browser, opened when first asked for. */
export class Runs {
  #opened: Promise<{ readonly files: FileStore; readonly store: RunStore }> | undefined;

  async store(): Promise<RunStore> {
    return (await this.#open()).store;
  }

  async files(): Promise<FileStore> {
    return (await this.#open()).files;
  }

  /** Throws `run_unknown`. */
  async get(id: string): Promise<StoredRun> {
    const run = await (await this.store()).get(id);
    if (run) return run;
    throw new TunesmithError({
      code: 'run_unknown',
      message: 'This run is no longer in storage.',
      hint: 'It was removed, perhaps in another tab. Start a new one.',
    });
  }

  async checkpoint(id: string): Promise<CheckpointState | undefined> {
    return await loadCheckpoint(await this.files(), runFolder(id));
  }

  /**
   * Records a new run.
   *
   * @param keepModel stores the files of the run's model, where the page doesn't bring them, and gives their id
   */
  async create(
    run: Omit<NewRun, 'modelId'>,
    keepModel: () => Promise<string | undefined>,
  ): Promise<StoredRun> {
    const store = await this.store();
    return await withStorageLock(navigator.locks, async () =>
      store.create({ ...run, modelId: await keepModel() }),
    );
  }

  async remove(id: string): Promise<void> {
    const { locks } = navigator;
    const store = await this.store();
    await withRunLock(locks, id, () => withStorageLock(locks, () => store.remove(id)));
  }

  /**
   * Does the training of a run while no other tab does, and keeps its record up to date: at every checkpoint, so that
   * record and checkpoint tell of the same step, and at the end.
   */
  async record(
    id: string,
    onEvent: (event: TrainEvent) => void,
    work: (onEvent: (event: TrainEvent) => void, checkpoints: CheckpointFolder) => Promise<TrainingOutcome>,
  ): Promise<StoredRun> {
    const { files, store } = await this.#open();
    void persistStorage(navigator.storage).catch(() => false);
    return await withRunLock(navigator.locks, id, async () => {
      const before = await this.get(id);
      let saved = before.checkpointStep;
      let history = [...historyUpTo(before.history, saved)];
      let saving: Promise<unknown> = store.update(id, { state: 'running', history });
      const keep = (changes: Parameters<RunStore['update']>[1]): void => {
        saving = saving.then(() => store.update(id, changes));
      };
      const listen = (event: TrainEvent): void => {
        onEvent(event);
        if (event.event === 'checkpoint') {
          saved = event.step;
          keep({ checkpointStep: saved, history: [...history] });
        } else if (event.event !== 'state') {
          history.push(event);
        } else if (event.state === 'paused' || event.state === 'running') {
          keep({ state: event.state });
        } else if (event.state === 'recovering') {
          history = [...historyUpTo(history, saved)];
        }
      };
      try {
        const outcome = await work(listen, { files, folder: runFolder(id) });
        await saving;
        const { state, step, steps } = outcome;
        return await store.update(id, { state, checkpointStep: step, steps, history: outcome.history });
      } catch (error) {
        await saving;
        await store.update(id, { state: 'failed' });
        onEvent({ event: 'state', state: 'failed', error: describeError(error) });
        throw error;
      }
    });
  }

  async #open(): Promise<{ readonly files: FileStore; readonly store: RunStore }> {
    this.#opened ??= openOpfs().then((files) => ({ files, store: new RunStore(databaseRecords(), files) }));
    return await this.#opened;
  }
}
