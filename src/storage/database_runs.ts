import { array, instance, object, safeParse, string } from 'valibot';
import { sameBytes } from '../core/bytes';
import { blobOf, blobReader, type FileReader } from '../core/file_reader';
import { message } from '../core/messages/message';
import { notSaved, type CheckpointStore, type StoredCheckpoints } from './checkpoints';
import { Database, keysBelow } from './database';
import type { RunStorage } from './run_storage';

const RECORDS = 'records'; // id → record
const EXAMPLES = 'examples'; // id → list by examplesSchema
const CHECKPOINTS = 'checkpoints'; // [id, step] → Blob
const POINTERS = 'pointers'; // id → step of the current checkpoint

const examplesSchema = array(object({ name: string(), content: instance(Blob) }));

/** Bytes of a stored checkpoint to read back and compare at once. */
const COMPARED_BYTES = 2 ** 24;

/** Runs in the browser's IndexedDB. */
export function databaseRuns(name = 'tunesmith-runs'): RunStorage {
  return new DatabaseRuns(new Database(name, [RECORDS, EXAMPLES, CHECKPOINTS, POINTERS]));
}

class DatabaseRuns implements RunStorage {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async create(id: string, record: object, examples: readonly FileReader[]): Promise<void> {
    // Read before the transaction begins, because a transaction ends as soon as it has no request.
    const files = await Promise.all(
      examples.map(async (file) => ({ name: file.name, content: await blobOf(file) })),
    );
    const bytes = examples.reduce((sum, { size }) => sum + size, 0);
    await this.#database.write(
      (store) => {
        store(EXAMPLES).put(files, id);
        store(RECORDS).put(record, id);
        return () => undefined;
      },
      { what: message('stored_run'), bytes },
    );
  }

  async record(id: string): Promise<unknown> {
    return await this.#database.read((store) => resultOf(store(RECORDS).get(id)));
  }

  async records(): Promise<ReadonlyMap<string, unknown>> {
    return await this.#database.read((store) => {
      const [ids, records] = [store(RECORDS).getAllKeys(), store(RECORDS).getAll() as IDBRequest<unknown[]>];
      return () => new Map(ids.result.map((id, i) => [id as string, records.result[i]]));
    });
  }

  async putRecord(id: string, record: object): Promise<void> {
    await this.#database.write((store) => resultOf(store(RECORDS).put(record, id)), {
      what: message('stored_run_record'),
      bytes: 0,
    });
  }

  async examples(id: string): Promise<readonly FileReader[] | undefined> {
    const files = safeParse(
      examplesSchema,
      await this.#database.read((store) => resultOf(store(EXAMPLES).get(id))),
    );
    return files.success ? files.output.map(({ name, content }) => blobReader(name, content)) : undefined;
  }

  checkpoints(id: string): CheckpointStore {
    return new DatabaseCheckpoints(this.#database, id);
  }

  async size(id: string): Promise<number> {
    return await this.#database.read((store) => {
      const files = store(EXAMPLES).get(id);
      const checkpoints = store(CHECKPOINTS).getAll(keysBelow(id)) as IDBRequest<unknown[]>;
      return () => {
        const examples = safeParse(examplesSchema, files.result);
        const contents = examples.success ? examples.output.map(({ content }) => content) : [];
        return [...contents, ...checkpoints.result].reduce<number>(
          (sum, content) => sum + (content instanceof Blob ? content.size : 0),
          0,
        );
      };
    });
  }

  async remove(id: string): Promise<void> {
    await this.#database.write((store) => {
      for (const name of [RECORDS, EXAMPLES, POINTERS]) store(name).delete(id);
      store(CHECKPOINTS).delete(keysBelow(id));
      return () => undefined;
    });
  }
}

/** A checkpoint is one blob, because browsers copy other values several times on their way to the disk and back. */
class DatabaseCheckpoints implements CheckpointStore {
  readonly #database: Database;
  readonly #run: string;

  constructor(database: Database, run: string) {
    this.#database = database;
    this.#run = run;
  }

  async list(): Promise<StoredCheckpoints> {
    return await this.#database.read((store) => {
      const keys = store(CHECKPOINTS).getAllKeys(keysBelow(this.#run));
      const pointer = store(POINTERS).get(this.#run) as IDBRequest<number | undefined>;
      return () => {
        const steps = keys.result.map((key) => (key as [string, number])[1]);
        return { steps, ...(pointer.result !== undefined && { latest: pointer.result }) };
      };
    });
  }

  async read(step: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const content = await this.#blob(step);
    return content && new Uint8Array(await content.arrayBuffer());
  }

  async save(step: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const content = new Blob([bytes]);
    const before = await this.#database.write(
      (store) => {
        const pointer = store(POINTERS).get(this.#run) as IDBRequest<number | undefined>;
        store(CHECKPOINTS).put(content, [this.#run, step]);
        store(POINTERS).put(step, this.#run);
        return resultOf(pointer);
      },
      { what: message('stored_checkpoint', { step }), bytes: bytes.length },
    );
    if (await this.#holds(step, bytes)) return;
    await this.#giveUp(step, before);
    throw notSaved(step);
  }

  async remove(steps: readonly number[]): Promise<void> {
    if (steps.length === 0) return;
    await this.#database.write((store) => this.#delete(store, steps)).catch(() => undefined);
  }

  async #blob(step: number): Promise<Blob | undefined> {
    return await this.#database.read((store) =>
      resultOf(store(CHECKPOINTS).get([this.#run, step]) as IDBRequest<Blob | undefined>),
    );
  }

  /** Whether the storage returns these bytes. */
  async #holds(step: number, bytes: Uint8Array): Promise<boolean> {
    const content = await this.#blob(step);
    if (content?.size !== bytes.length) return false;
    for (let begin = 0; begin < bytes.length; begin += COMPARED_BYTES) {
      const end = Math.min(begin + COMPARED_BYTES, bytes.length);
      const part = await content
        .slice(begin, end)
        .arrayBuffer()
        .catch(() => new ArrayBuffer());
      if (!sameBytes(new Uint8Array(part), bytes.subarray(begin, end))) return false;
    }
    return true;
  }

  /** Points to the previous checkpoint again. */
  async #giveUp(step: number, before: number | undefined): Promise<void> {
    await this.#database.write((store) => {
      if (before === undefined) store(POINTERS).delete(this.#run);
      else store(POINTERS).put(before, this.#run);
      return this.#delete(store, [step]);
    });
  }

  #delete(store: (name: string) => IDBObjectStore, steps: readonly number[]): () => void {
    for (const step of steps) store(CHECKPOINTS).delete([this.#run, step]);
    return () => undefined;
  }
}

function resultOf<T>(request: IDBRequest<T>): () => T {
  return () => request.result;
}
