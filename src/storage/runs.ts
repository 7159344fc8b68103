import { array, custom, number, object, optional, picklist, safeParse, string, unknown } from 'valibot';
import { TunesmithError } from '../core/errors';
import type { FileReader } from '../core/file_reader';
import { isRecord } from '../core/json';
import { parseSettings, type TrainSettings } from '../core/settings/settings';
import type { TrainEvent } from '../train/events';
import type { CheckpointStore } from './checkpoints';
import type { RunStorage } from './run_storage';

/** One run as kept in storage. */
export interface RunRecord {
  readonly id: string;
  /** As a person calls it; absent until then. */
  readonly name?: string;
  /** ISO 8601, in UTC. */
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly modelName: string;
  readonly modelSource: 'demo' | 'files' | 'hub';
  /** Of a model of a hub: owner/name, and the commit that it was of. */
  readonly modelRepo?: string;
  readonly modelCommit?: string;
  readonly dataFiles: readonly string[];
  readonly settings: TrainSettings;
  /** 'running' too where the tab was closed under it: `lockedRuns` tells. */
  readonly state: 'running' | 'paused' | 'finished' | 'stopped' | 'failed';
  /** Last step with a checkpoint, and how many there are to be. */
  readonly checkpointStep: number;
  readonly steps: number;
  /** Step, eval and sample events so far, for the chart. */
  readonly history: readonly TrainEvent[];
  /** Size of the run's files. */
  readonly bytes: number;
}

export interface StoredRun extends RunRecord {
  /** The base that storage keeps of the model. */
  readonly baseId?: string;
  /** Tells the model apart, with how it was loaded: what its checkpoints carry as well. */
  readonly modelHash?: string;
  /** Set where the run began with an adapter that was there, which only its checkpoints hold. */
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
  /** The example files as they were given. Two may have the same name. */
  readonly data: readonly FileReader[];
};
export type RunChanges = Partial<
  Pick<RunRecord, 'name' | 'settings' | 'state' | 'checkpointStep' | 'steps' | 'history'>
>;

const recordSchema = object({
  id: string(),
  name: optional(string()),
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
  steps: number(),
  history: array(custom<TrainEvent>((event) => isRecord(event) && typeof event.event === 'string')),
  bytes: number(),
});

/** The runs of this browser, or of a folder. */
export class RunStore {
  readonly #storage: RunStorage;

  constructor(storage: RunStorage) {
    this.#storage = storage;
  }

  /** Starts a record in the state 'running'. The examples are kept with it, so that it can go on after a reload. */
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

  /** All runs that this version of the program understands, the newest first. */
  async list(): Promise<readonly StoredRun[]> {
    const runs = [...(await this.#storage.records()).values()].flatMap((record) => storedRun(record) ?? []);
    return runs.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  }

  /** The ids of the others: their records are damaged, or of another version. */
  async unreadable(): Promise<readonly string[]> {
    const records = [...(await this.#storage.records())];
    return records.flatMap(([id, record]) => (storedRun(record) ? [] : [id]));
  }

  /** Records changes of a run that is known, also if the browser cleared its record meanwhile. Only for who trains it. */
  async update(run: StoredRun, changes: RunChanges): Promise<StoredRun> {
    const bytes = await this.#storage.size(run.id);
    const updated = { ...run, ...changes, updatedAt: new Date().toISOString(), bytes };
    await this.#storage.putRecord(run.id, updated);
    return updated;
  }

  /** Names a run anew; without a name it has none of its own any more. @throws TunesmithError `run_unknown` */
  async rename(id: string, name: string | undefined): Promise<StoredRun> {
    const run = { ...(await this.get(id)), name };
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

  /** The bases that some run needs, also one that another version of the program wrote and only it understands. */
  async neededBases(): Promise<ReadonlySet<unknown>> {
    const records = [...(await this.#storage.records()).values()].filter(isRecord);
    return new Set(records.map(({ baseId }) => baseId));
  }
}

/** The events that a run still has once it goes on from a checkpoint of this step. */
export function historyUpTo(history: readonly TrainEvent[], step: number): readonly TrainEvent[] {
  return history.filter((event) => event.event === 'state' || event.step <= step);
}

/** Undefined for what another version of the program stored and this one can't use. */
function storedRun(value: unknown): StoredRun | undefined {
  const record = safeParse(recordSchema, value);
  if (!record.success) return undefined;
  try {
    return { ...record.output, settings: parseSettings(record.output.settings) };
  } catch {
    return undefined;
  }
}
