import { TunesmithError, describeError } from '../core/errors';
import type { CheckpointState } from '../formats/checkpoint';
import { historyOf, type CheckpointFolder, type TrainingOutcome } from '../session/training';
import { loadCheckpoint } from '../storage/checkpoints';
import type { FileStore } from '../storage/file_store';
import { lockedRuns, withRunLock, withStorageLock } from '../storage/locks';
import { openOpfs } from '../storage/opfs';
import { databaseRecords } from '../storage/records';
import {
  RunStore,
  historyUpTo,
  runFolder,
  type NewRun,
  type RunChanges,
  type StoredRun,
} from '../storage/runs';
import type { TrainEvent } from '../train/events';
import type { ListedRun } from './protocol';

/** The runs of this browser, opened when first asked for. */
export class Runs {
  readonly #persist: () => Promise<boolean>;
  #opened: Promise<{ readonly files: FileStore; readonly store: RunStore }> | undefined;

  /** @param persist asks the browser not to clear what is stored */
  constructor(persist: () => Promise<boolean>) {
    this.#persist = persist;
  }

  async store(): Promise<RunStore> {
    return (await this.#open()).store;
  }

  async files(): Promise<FileStore> {
    return (await this.#open()).files;
  }

  /** All runs, the newest first, with those marked that this tab or another is training now. */
  async list(): Promise<readonly ListedRun[]> {
    const runs = await (await this.store()).list();
    const locked = await lockedRuns(navigator.locks);
    return runs.map((run) => ({ ...run, underWay: locked.has(run.id) }));
  }

  /** The same with all that is recorded of them. */
  async all(): Promise<readonly StoredRun[]> {
    return await (await this.store()).list();
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
   * @param keepBase keeps the base of the run's model, where the page doesn't bring that, and gives its id
   */
  async create(run: Omit<NewRun, 'baseId'>, keepBase: () => Promise<string | undefined>): Promise<StoredRun> {
    const store = await this.store();
    // A promise is worth asking for; without one, a run is kept as well.
    void this.#persist().catch(() => false);
    return await withStorageLock(navigator.locks, async () => {
      await store.tidy();
      return await store.create({ ...run, baseId: await keepBase() });
    });
  }

  async remove(id: string): Promise<void> {
    const { locks } = navigator;
    const store = await this.store();
    await withRunLock(locks, id, () => withStorageLock(locks, () => store.remove(id)));
  }

  /** Does something with a run while no other tab does. Throws `run_in_other_tab`. */
  async alone<T>(id: string, work: () => Promise<T>): Promise<T> {
    return await withRunLock(navigator.locks, id, work);
  }

  /**
   * Does the training of a run, within `alone`, and keeps its record up to date: at every checkpoint, so that record and
   * checkpoint tell of the same step, and at the end.
   *
   * @param start the checkpoint that it goes on from
   */
  async record(
    id: string,
    start: CheckpointState | undefined,
    onEvent: (event: TrainEvent) => void,
    work: (onEvent: (event: TrainEvent) => void, checkpoints: CheckpointFolder) => Promise<TrainingOutcome>,
  ): Promise<StoredRun> {
    const { files, store } = await this.#open();
    // The checkpoint knows what the record may not: the tab can be closed between the two.
    let saved = start?.step ?? 0;
    let history = start ? [...historyOf(start)] : [];
    let saving: Promise<unknown> = Promise.resolve();
    const keep = (changes: RunChanges): void => {
      // What can't be recorded now comes with the next checkpoint or the end: a record's failure ends no training.
      saving = saving.then(() => store.update(id, changes)).catch(() => undefined);
    };
    keep({ state: 'running', checkpointStep: saved, history: [...history] });
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
      keep({ state: 'failed' });
      await saving;
      onEvent({ event: 'state', state: 'failed', error: describeError(error) });
      throw error;
    }
  }

  async #open(): Promise<{ readonly files: FileStore; readonly store: RunStore }> {
    this.#opened ??= openOpfs().then((files) => ({ files, store: new RunStore(databaseRecords(), files) }));
    return await this.#opened;
  }
}
