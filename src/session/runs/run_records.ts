import { describeError, errorClass } from '../../core/errors';
import type { FileReader } from '../../core/file_reader';
import type { CheckpointState } from '../../formats/checkpoint';
import { listBases, removeUnneededBases } from '../../storage/bases';
import { loadCheckpoint, type CheckpointStore } from '../../storage/checkpoints';
import type { FileStore } from '../../storage/file_store';
import { lockedRuns, withRunLock, withStorageLock, type Locks } from '../../storage/locks';
import type { RunStorage } from '../../storage/run_storage';
import {
  RunStore,
  historyUpTo,
  type NewRun,
  type RunChanges,
  type RunRecord,
  type RunWords,
  type StoredRun,
} from '../../storage/runs';
import { isHistory, type TrainEvent } from '../../train/events';
import type { LiveLogs } from './live_logs';
import { bestCheckpoint, historyOf, type TrainingOutcome } from './training';

export interface RunHost {
  readonly runs: RunStorage;
  /** The store of the bases that runs need; undefined if no bases are saved for runs. */
  readonly bases?: () => Promise<FileStore>;
  /** Undefined if there are no other tabs or processes. */
  readonly locks: Locks | undefined;
  /** Asks the browser not to clear the storage. */
  persist(): Promise<unknown>;
  /** Called after a run was added, described or removed, or when its use begins or ends. */
  readonly onChange?: () => void;
  /** Makes the files of a run's numbers; undefined if they are only made when they are asked for. */
  readonly logs?: (run: StoredRun) => LiveLogs;
}

/** A run without its history, which `get` has. */
export interface ListedRun extends Omit<RunRecord, 'history'> {
  /** The tab that uses it at present and so excludes others. */
  readonly usedBy?: 'this tab' | 'another tab';
  /**
   * 'kept': its model can be opened without a network; 'fetch': it must be downloaded again; 'gone': it is not
   * available.
   */
  readonly base: 'kept' | 'fetch' | 'gone';
  /** The last loss; `evalLoss` is the last evaluation loss. */
  readonly loss?: number;
  readonly evalLoss?: number;
}

/** The longest name of a run, or of a tag. */
const MOST_NAME = 100;
/** A run has no more tags, and no longer notes. */
const MOST_TAGS = 20;
const MOST_NOTES = 4000;

/** A person's tags and notes, as typed. */
export interface Annotation {
  readonly tags: readonly string[];
  readonly notes: string;
}

/** The records and checkpoints of runs, with locks for writing them. */
export class RunRecords {
  readonly #host: RunHost;
  readonly #store: RunStore;
  /** The runs that this tab uses. */
  readonly #own = new Set<string>();
  /** Records changes of the runs that this tab trains. */
  readonly #recording = new Map<string, (changes: RunChanges) => Promise<unknown>>();
  /** Ends with the last change of what is said about a run that this tab uses. */
  #describing: Promise<unknown> = Promise.resolve();

  constructor(host: RunHost) {
    this.#host = host;
    this.#store = new RunStore(host.runs);
  }

  /** All runs, the newest first, with the tab that uses each. */
  async list(): Promise<readonly ListedRun[]> {
    const [runs, locked, kept] = await Promise.all([
      this.#store.list(),
      lockedRuns(this.#host.locks),
      this.#keptBases(),
    ]);
    return runs.map(({ history, ...run }): ListedRun => {
      const user = this.#own.has(run.id) ? 'this tab' : locked.has(run.id) ? 'another tab' : undefined;
      const step = history.findLast((event) => event.event === 'step');
      const evaluation = history.findLast((event) => event.event === 'eval');
      return {
        ...run,
        base: baseOf(run, kept),
        ...(user && { usedBy: user }),
        ...(step && { loss: step.loss }),
        ...(evaluation && { evalLoss: evaluation.eval_loss }),
      };
    });
  }

  /** The ids of runs whose records can't be read: damaged, or of another version of the program. */
  async unreadable(): Promise<readonly string[]> {
    return await this.#store.unreadable();
  }

  /** All runs with their complete records. */
  async all(): Promise<readonly StoredRun[]> {
    return await this.#store.list();
  }

  /** Throws `run_unknown`. */
  async get(id: string): Promise<StoredRun> {
    return await this.#store.get(id);
  }

  /** The examples that a run was started with. Throws `run_data_missing`. */
  async data(run: StoredRun): Promise<readonly FileReader[]> {
    return await this.#store.data(run);
  }

  /**
   * The checkpoint whose adapter is the run's: the best one with `load_best_model_at_end`, else the last. Throws
   * `checkpoint_damaged`.
   */
  async adapterCheckpoint({ id, settings, history }: StoredRun): Promise<CheckpointState | undefined> {
    return (
      (await bestCheckpoint(this.#store.checkpoints(id), settings, history)) ?? (await this.checkpoint(id))
    );
  }

  /** The last checkpoint, from which the run continues. Throws `checkpoint_damaged`. */
  async checkpoint(id: string): Promise<CheckpointState | undefined> {
    return await loadCheckpoint(this.#store.checkpoints(id));
  }

  /**
   * Records a new run.
   *
   * @param keepBase saves the base of the run's model if necessary, and returns its id
   */
  async create(run: Omit<NewRun, 'baseId'>, keepBase: () => Promise<string | undefined>): Promise<StoredRun> {
    // Does not wait: the run is stored even if the browser refuses.
    void this.#host.persist().catch(() => false);
    return await withStorageLock(this.#host.locks, async () => {
      await this.#tidy();
      return await this.#store.create({ ...run, baseId: await keepBase() });
    });
  }

  /**
   * Renames a run, also one that this tab is opening or training; an empty name removes its name.
   *
   * @throws TunesmithError `run_in_other_tab`, `run_unknown`
   */
  async rename(id: string, typed: string): Promise<void> {
    await this.#describe(id, { name: oneLine(typed).slice(0, MOST_NAME) || undefined });
  }

  /**
   * Replaces the tags and the notes of a run; empty ones remove them.
   *
   * @throws TunesmithError `run_in_other_tab`, `run_unknown`
   */
  async annotate(id: string, { tags, notes }: Annotation): Promise<void> {
    const words = tags.map((tag) => oneLine(tag).slice(0, MOST_NAME)).filter((tag) => tag !== '');
    const kept = [...new Set(words)].slice(0, MOST_TAGS);
    await this.#describe(id, {
      tags: kept.length > 0 ? kept : undefined,
      notes: notes.trim().slice(0, MOST_NOTES) || undefined,
    });
  }

  async #describe(id: string, words: RunWords): Promise<void> {
    const record = this.#recording.get(id);
    if (record) await record(words);
    else if (this.#own.has(id)) await this.#describeOwn(id, words);
    else await withRunLock(this.#host.locks, id, () => this.#store.describe(id, words));
    this.#host.onChange?.();
  }

  /** Describes a run whose lock this tab has. */
  async #describeOwn(id: string, words: RunWords): Promise<void> {
    const described = this.#describing.then(() => this.#store.describe(id, words));
    this.#describing = described.catch(() => undefined);
    await described;
  }

  /** Removes a run, and bases that only it needs. Throws `run_in_other_tab`. */
  async remove(id: string): Promise<void> {
    const { locks } = this.#host;
    await withRunLock(locks, id, () =>
      withStorageLock(locks, async () => {
        await this.#store.remove(id);
        await this.#tidy();
      }),
    );
    this.#host.onChange?.();
  }

  /** Runs work on a run, and excludes other tabs from it. Throws `run_in_other_tab`. */
  async exclusively<T>(id: string, work: () => Promise<T>): Promise<T> {
    try {
      return await withRunLock(this.#host.locks, id, async () => {
        this.#own.add(id);
        this.#host.onChange?.();
        try {
          return await work();
        } finally {
          this.#own.delete(id);
        }
      });
    } finally {
      this.#host.onChange?.();
    }
  }

  /**
   * Trains a run, within `exclusively`, and updates its record at every checkpoint, so that record and checkpoint have
   * the same step, and at the end.
   *
   * @param start the checkpoint that it continues from
   */
  async record(
    run: StoredRun,
    start: CheckpointState | undefined,
    onEvent: (event: TrainEvent) => void,
    work: (onEvent: (event: TrainEvent) => void, checkpoints: CheckpointStore) => Promise<TrainingOutcome>,
  ): Promise<{ readonly record: StoredRun; readonly outcome: TrainingOutcome }> {
    const store = this.#store;
    let record = run;
    // Uses the checkpoint's values, because the tab may have been closed before the record was written.
    let saved = start?.step ?? 0;
    let history = start ? [...historyOf(start)] : [];
    // The visitor may have described the run since `run` was read.
    let saving: Promise<unknown> = this.#describing
      .then(() => store.get(run.id))
      .then(({ name, tags, notes }) => (record = { ...run, name, tags, notes }))
      .catch(() => undefined);
    const write = (changes: RunChanges): Promise<StoredRun> => {
      const written = saving.then(async () => (record = await store.update(record, changes)));
      saving = written.catch(() => undefined);
      return written;
    };
    // A failed write must not stop the training; the next checkpoint, or the end, writes the record again.
    const keep = (changes: RunChanges): Promise<unknown> => write(changes).catch(() => undefined);
    this.#recording.set(run.id, write);
    const logs = this.#host.logs?.(run);
    logs?.restart(history);
    void keep({ state: 'running', settings: run.settings, checkpointStep: saved, history: [...history] });
    const listen = (event: TrainEvent): void => {
      onEvent(event);
      if (event.event === 'checkpoint') {
        saved = event.step;
        void keep({ checkpointStep: saved, history: [...history] }).then(() => this.#host.onChange?.());
      } else if (isHistory(event)) {
        history.push(event);
        logs?.add(event);
      } else if (event.event === 'activity') {
        return;
      } else if (event.state === 'paused' || event.state === 'running') {
        void keep({ state: event.state });
      } else if (event.state === 'recovering') {
        history = [...historyUpTo(history, saved)];
        logs?.restart(history);
      }
    };
    try {
      const outcome = await work(listen, store.checkpoints(run.id));
      const { state, step, steps, adapterStep } = outcome;
      const end = {
        state,
        checkpointStep: step,
        adapterStep: adapterStep === step ? undefined : adapterStep,
        steps,
        history: outcome.history,
      };
      return { record: await write(end), outcome };
    } catch (error) {
      await keep({ state: errorClass(error) === 'stopped' ? 'stopped' : 'failed' });
      onEvent({ event: 'state', state: 'failed', error: describeError(error) });
      throw error;
    } finally {
      this.#recording.delete(run.id);
    }
  }

  /** The ids of all complete saved bases; none if the storage can't be read. */
  async #keptBases(): Promise<ReadonlySet<string>> {
    try {
      const bases = await this.#host.bases?.();
      return new Set(bases ? (await listBases(bases)).map(({ id }) => id) : []);
    } catch {
      return new Set();
    }
  }

  /** Removes bases that no run needs. Call it within `withStorageLock`. */
  async #tidy(): Promise<void> {
    const bases = await this.#host.bases?.();
    if (bases) await removeUnneededBases(bases, await this.#store.neededBases());
  }
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}

function baseOf(
  { modelSource, modelRepo, baseId }: Omit<StoredRun, 'history'>,
  kept: ReadonlySet<string>,
): ListedRun['base'] {
  if (modelSource === 'demo' || (baseId !== undefined && kept.has(baseId))) return 'kept';
  return modelSource === 'hub' && modelRepo !== undefined ? 'fetch' : 'gone';
}
