import { array, custom, number, object, optional, picklist, safeParse, string, unknown } from 'valibot';
import { TunesmithError } from '../core/errors';
import type { FileReader } from '../core/file_reader';
import { isRecord } from '../core/json';
import { parseSettings, type TrainSettings } from '../core/settings/settings';
import type { TrainEvent } from '../train/events';
import { listBases, removeBase, removeUnfinishedBases } from './bases';
import { readJson, writeCopy, writeJson, type FileStore } from './file_store';
import { removeModelsExcept } from './models';
import type { RecordStore } from './records';

/** One run as kept in storage. */
export interface RunRecord {
  readonly id: string;
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
  /** Of runs from before there were bases: what `openModel` takes, for models from files. */
  readonly modelId?: string;
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
export type RunChanges = Partial<Pick<RunRecord, 'state' | 'checkpointStep' | 'steps' | 'history'>>;

const recordSchema = object({
  id: string(),
  startedAt: string(),
  updatedAt: string(),
  modelName: string(),
  modelSource: picklist(['demo', 'files', 'hub']),
  modelRepo: optional(string()),
  modelCommit: optional(string()),
  baseId: optional(string()),
  modelHash: optional(string()),
  modelId: optional(string()),
  startedFrom: optional(picklist(['adapter'])),
  dataFiles: array(string()),
  settings: unknown(),
  state: picklist(['running', 'paused', 'finished', 'stopped', 'failed']),
  checkpointStep: number(),
  steps: number(),
  history: array(custom<TrainEvent>((event) => isRecord(event) && typeof event.event === 'string')),
  bytes: number(),
});
const dataSchema = array(object({ name: string(), bytes: number() }));

/** The folder of a run's checkpoints and examples. */
export function runFolder(id: string): string {
  return `runs/${id}`;
}

/** The runs of this browser (or folder): an index of records, and the files of each. */
export class RunStore {
  readonly #records: RecordStore;
  readonly #files: FileStore;

  constructor(records: RecordStore, files: FileStore) {
    this.#records = records;
    this.#files = files;
  }

  /** Starts a record in the state 'running'. The examples are kept with it, so that it can go on after a reload. */
  async create({ data, ...run }: NewRun): Promise<StoredRun> {
    const startedAt = new Date().toISOString();
    const id = `${startedAt.slice(0, 19).replaceAll(':', '-')}-${crypto.randomUUID().slice(0, 8)}`;
    for (const [index, file] of data.entries()) await writeCopy(this.#files, dataPath(id, index), file);
    const listed = data.map(({ name, size }) => ({ name, bytes: size }));
    await writeJson(this.#files, dataList(id), listed);
    const record: StoredRun = {
      ...run,
      id,
      startedAt,
      updatedAt: startedAt,
      dataFiles: data.map(({ name }) => name),
      state: 'running',
      checkpointStep: 0,
      history: [],
      bytes: await this.#files.size(runFolder(id)),
    };
    await this.#records.put(id, record);
    return record;
  }

  async get(id: string): Promise<StoredRun | undefined> {
    return storedRun(await this.#records.get(id));
  }

  /** All runs that this version of the program understands, the newest first. */
  async list(): Promise<readonly StoredRun[]> {
    const runs = (await this.#records.all()).flatMap((record) => storedRun(record) ?? []);
    return runs.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  }

  /** @throws TunesmithError `run_unknown` */
  async update(id: string, changes: RunChanges): Promise<StoredRun> {
    const record = await this.#known(id);
    const updated = {
      ...record,
      ...changes,
      updatedAt: new Date().toISOString(),
      bytes: await this.#files.size(runFolder(id)),
    };
    await this.#records.put(id, updated);
    return updated;
  }

  /** The examples that the run was started with. @throws TunesmithError `run_unknown`, `run_data_missing` */
  async data(id: string): Promise<readonly FileReader[]> {
    const { dataFiles } = await this.#known(id);
    const listed = safeParse(dataSchema, await readJson(this.#files, dataList(id)));
    const found = await Promise.all(
      (listed.success ? listed.output : []).map(async ({ name, bytes }, index) => {
        const file = await this.#files.openReader(dataPath(id, index));
        return file?.size === bytes ? { name, size: bytes, read: file.read.bind(file) } : undefined;
      }),
    );
    const data = found.filter((file) => file !== undefined);
    if (listed.success && data.length === found.length) return data;
    throw new TunesmithError({
      code: 'run_data_missing',
      message: `The run's examples (${dataFiles.join(', ')}) are no longer in storage.`,
      hint: 'The browser may have cleared them. Add the files again and start a new run.',
    });
  }

  /** Removes the run with its files, and what was kept of models for its sake. For use within `withStorageLock`. */
  async remove(id: string): Promise<void> {
    // The record last: what a crash leaves can then be removed again.
    await this.#files.remove(runFolder(id));
    await this.#records.remove(id);
    await this.tidy();
  }

  /**
   * Removes what is kept of models for runs and that no run needs: also what a crash or a full disk left. What was fetched
   * from a hub stays. For use within `withStorageLock`.
   */
  async tidy(): Promise<void> {
    // Of all records, also those that another version of the program wrote and only it understands.
    const records = (await this.#records.all()).filter(isRecord);
    const needed = new Set(records.flatMap(({ modelId, baseId }) => [modelId, baseId]));
    await removeModelsExcept(this.#files, needed);
    for (const { id, source } of await listBases(this.#files)) {
      if (source.kind === 'files' && !needed.has(id)) await removeBase(this.#files, id);
    }
    await removeUnfinishedBases(this.#files);
  }

  async #known(id: string): Promise<StoredRun> {
    const record = await this.get(id);
    if (record) return record;
    throw new TunesmithError({
      code: 'run_unknown',
      message: 'This run is no longer in storage.',
      hint: 'It was removed, perhaps in another tab. Start a new one.',
    });
  }
}

/** The events that a run still has once it goes on from a checkpoint of this step. */
export function historyUpTo(history: readonly TrainEvent[], step: number): readonly TrainEvent[] {
  return history.filter((event) => event.event === 'state' || event.step <= step);
}

function dataList(id: string): string {
  return `${runFolder(id)}/data.json`;
}

function dataPath(id: string, index: number): string {
  return `${runFolder(id)}/data/${index}`;
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
