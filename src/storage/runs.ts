import { array, custom, number, object, optional, picklist, safeParse, string, unknown } from 'valibot';
import { TunesmithError } from '../core/errors';
import type { FileReader } from '../core/file_reader';
import { isRecord } from '../core/json';
import { parseSettings, type TrainSettings } from '../core/settings/settings';
import type { TrainEvent } from '../train/events';
import type { CheckpointStore } from './checkpoints';
import type { RunStorage } from './run_storage';

/** A run as storage holds it. */
export interface RunRecord {
  readonly id: string;
  /** The person's name for it; absent until one is given. */
  readonly name?: string;
  /** The person's words for finding it; absent if there are none. */
  readonly tags?: readonly string[];
  /** The person's notes about it; absent if there are none. */
  readonly notes?: string;
  /** ISO 8601, in UTC. */
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly modelName: string;
  readonly modelSource: 'demo' | 'files' | 'hub';
  /** For a model of a hub: owner/name and the commit. */
  readonly modelRepo?: string;
  readonly modelCommit?: string;
  readonly dataFiles: readonly string[];
  readonly settings: TrainSettings;
  /** Also 'running' if the tab was closed during the run; `lockedRuns` tells the difference. */
  readonly state: 'running' | 'paused' | 'finished' | 'stopped' | 'failed';
  /** Last step with a checkpoint; `steps` is the total of the run. */
  readonly checkpointStep: number;
  /** The step whose adapter an ended run has, if it is not the last. */
  readonly adapterStep?: number;
  readonly steps: number;
  /** Step, eval and sample events so far, for the chart. */
  readonly history: readonly TrainEvent[];
  /** Size of the run's files. */
  readonly bytes: number;
}

export interface StoredRun extends RunRecord {
  /** The saved base of the model. */
  readonly baseId?: string;
  /** Identifies the model and its load settings; its checkpoints hold the same hash. */
  readonly modelHash?: string;
  /** Set if the run began with an existing adapter, which only its checkpoints hold. */
  readonly startedFrom?: 'adapter';
}

export type NewRun = Pick<
  StoredRun,
  | 'modelName'
  | 'modelSource'
  | 'modelRepo'
  | 'modelCommit'
  | 'baseId'
  | 'modelHash'
  | 'startedFrom'
  | 'settings'
  | 'steps'
> & {
  /** The example files as given. Two may have the same name. */
  readonly data: readonly FileReader[];
};
/** A person's words about a run. Undefined removes it. */
export type RunWords = Pick<RunRecord, 'name' | 'tags' | 'notes'>;
export type RunChanges = Partial<
  Pick<
    RunRecord,
    'name' | 'tags' | 'notes' | 'settings' | 'state' | 'checkpointStep' | 'adapterStep' | 'steps' | 'history'
  >
>;

const recordSchema = object({
  id: string(),
  name: optional(string()),
  tags: optional(array(string())),
  notes: optional(string()),
  startedAt: string(),
  updatedAt: string(),
  modelName: string(),
  modelSource: picklist(['demo', 'files', 'hub']),
  modelRepo: optional(string()),
  modelCommit: optional(string()),
  baseId: optional(string()),
  modelHash: optional(string()),
  startedFrom: optional(picklist(['adapter'])),
  dataFiles: array(string()),
  settings: unknown(),
  state: picklist(['running', 'paused', 'finished', 'stopped', 'failed']),
  checkpointStep: number(),
  adapterStep: optional(number()),
  steps: number(),
  history: array(custom<TrainEvent>((event) => isRecord(event) && typeof event.event === 'string')),
  bytes: number(),
});

/** The stored runs of this browser or of a folder. */
export class RunStore {
  readonly #storage: RunStorage;

  constructor(storage: RunStorage) {
    this.#storage = storage;
  }

  /**
   * Creates a record in the state 'running'. Stores the examples with it, so that the run can be continued after a
   * reload.
   */
  async create({ data, ...run }: NewRun): Promise<StoredRun> {
    const startedAt = new Date().toISOString();
    const id = `${startedAt.slice(0, 19).replaceAll(':', '-')}-${crypto.randomUUID().slice(0, 8)}`;
    const record: StoredRun = {
      ...run,
      id,
      startedAt,
      updatedAt: startedAt,
      dataFiles: data.map(({ name }) => name),
      state: 'running',
      checkpointStep: 0,
      history: [],
      bytes: data.reduce((sum, { size }) => sum + size, 0),
    };
    await this.#storage.create(id, record, data);
    return record;
  }

  /** @throws TunesmithError `run_unknown` */
  async get(id: string): Promise<StoredRun> {
    const run = storedRun(await this.#storage.record(id));
    if (run) return run;
    throw new TunesmithError({ code: 'run_unknown' });
  }

  /** All runs that this version of the program can read, the newest first. */
  async list(): Promise<readonly StoredRun[]> {
    const runs = [...(await this.#storage.records()).values()].flatMap((record) => storedRun(record) ?? []);
    return runs.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  }

  /** The ids of runs whose records are damaged or of another version. */
  async unreadable(): Promise<readonly string[]> {
    const records = [...(await this.#storage.records())];
    return records.flatMap(([id, record]) => (storedRun(record) ? [] : [id]));
  }

  /**
   * Records changes of a run, even if the browser has cleared its record meanwhile. Only the trainer of the run may
   * call it.
   */
  async update(run: StoredRun, changes: RunChanges): Promise<StoredRun> {
    const bytes = await this.#storage.size(run.id);
    const updated = { ...run, ...changes, updatedAt: new Date().toISOString(), bytes };
    await this.#storage.putRecord(run.id, updated);
    return updated;
  }

  /** Changes what a person says about a run; the words that are not given stay. @throws TunesmithError `run_unknown` */
  async describe(id: string, words: RunWords): Promise<StoredRun> {
    const run = { ...(await this.get(id)), ...words };
    await this.#storage.putRecord(id, run);
    return run;
  }

  /** The examples that the run was started with. @throws TunesmithError `run_data_missing` */
  async data({ id, dataFiles }: Pick<StoredRun, 'id' | 'dataFiles'>): Promise<readonly FileReader[]> {
    const examples = await this.#storage.examples(id);
    if (examples) return examples;
    throw new TunesmithError({ code: 'run_data_missing', values: { files: dataFiles } });
  }

  checkpoints(id: string): CheckpointStore {
    return this.#storage.checkpoints(id);
  }

  async remove(id: string): Promise<void> {
    await this.#storage.remove(id);
  }

  /** The ids of bases that any run needs, including runs that only another version of the program can read. */
  async neededBases(): Promise<ReadonlySet<unknown>> {
    const records = [...(await this.#storage.records()).values()].filter(isRecord);
    return new Set(records.map(({ baseId }) => baseId));
  }
}

/** The events that remain if a run continues from a checkpoint of this step. */
export function historyUpTo(history: readonly TrainEvent[], step: number): readonly TrainEvent[] {
  return history.filter((event) => event.event === 'state' || event.step <= step);
}

/** Validates a stored run; undefined if another version of the program stored it and this one can't use it. */
function storedRun(value: unknown): StoredRun | undefined {
  const record = safeParse(recordSchema, value);
  if (!record.success) return undefined;
  try {
    return { ...record.output, settings: parseSettings(record.output.settings) };
  } catch {
    return undefined;
  }
}
