import { concatBytes, sameBytes } from '../core/bytes';
import { blobReader, piecesOf, type FileReader } from '../core/file_reader';
import { notSaved, type CheckpointStore, type StoredCheckpoints } from './checkpoints';
import { Database, keysBelow } from './database';
import type { RunStorage } from './run_storage';

const RECORDS = 'records'; // id → record
const EXAMPLES = 'examples'; // id → NamedBlob[]
const SIZES = 'sizes'; // id → bytes of the examples; [id, step] → bytes of a checkpoint
const PARTS = 'parts'; // [id, step, part] → bytes
const POINTERS = 'pointers'; // id → step of the checkpoint that counts

/** A checkpoint is stored in parts: a browser copies each value several times on its way to the disk. */
const PART_BYTES = 2 ** 24;

/** Runs in the browser's IndexedDB. */
export function databaseRuns(name = 'tunesmith-runs'): RunStorage {
  return new DatabaseRuns(new Database(name, [RECORDS, EXAMPLES, SIZES, PARTS, POINTERS]));
}

class DatabaseRuns implements RunStorage {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async create(id: string, record: object, examples: readonly FileReader[]): Promise<void> {
    // Read before the transaction begins: it ends as soon as it is not asked for anything.
    const files = await Promise.all(examples.map(blobOf));
    const bytes = examples.reduce((sum, { size }) => sum + size, 0);
    await this.#database.write(
      (store) => {
        store(EXAMPLES).put(files, id);
        store(SIZES).put(bytes, [id]);
        store(RECORDS).put(record, id);
        return () => undefined;
      },
      { what: 'the run and its examples', bytes },
    );
  }

  async record(id: string): Promise<unknown> {
    return await this.#database.read((store) => resultOf(store(RECORDS).get(id)));
  }

  async records(): Promise<readonly unknown[]> {
    return await this.#database.read((store) => resultOf(store(RECORDS).getAll() as IDBRequest<unknown[]>));
  }

  async putRecord(id: string, record: object): Promise<void> {
    await this.#database.write((store) => resultOf(store(RECORDS).put(record, id)), {
      what: 'the record of the run',
      bytes: 0,
    });
  }

  async examples(id: string): Promise<readonly FileReader[] | undefined> {
    const files = await this.#database.read((store) =>
      resultOf(store(EXAMPLES).get(id) as IDBRequest<readonly NamedBlob[] | undefined>),
    );
    return files?.map(({ name, content }) => blobReader(name, content));
  }

  checkpoints(id: string): CheckpointStore {
    return new DatabaseCheckpoints(this.#database, id);
  }

  async size(id: string): Promise<number> {
    const sizes = await this.#database.read((store) =>
      resultOf(store(SIZES).getAll(keysBelow(id)) as IDBRequest<number[]>),
    );
    return sizes.reduce((sum, bytes) => sum + bytes, 0);
  }

  async remove(id: string): Promise<void> {
    await this.#database.write((store) => {
      for (const name of [RECORDS, EXAMPLES, POINTERS]) store(name).delete(id);
      for (const name of [SIZES, PARTS]) store(name).delete(keysBelow(id));
      return () => undefined;
    });
  }
}

class DatabaseCheckpoints implements CheckpointStore {
  readonly #database: Database;
  readonly #run: string;

  constructor(database: Database, run: string) {
    this.#database = database;
    this.#run = run;
  }

  async list(): Promise<StoredCheckpoints> {
    return await this.#database.read((store) => {
      const keys = store(SIZES).getAllKeys(keysBelow(this.#run));
      const pointer = store(POINTERS).get(this.#run) as IDBRequest<number | undefined>;
      return () => {
        const steps = keys.result.flatMap(stepOf);
        return { steps, ...(pointer.result !== undefined && { latest: pointer.result }) };
      };
    });
  }

  async read(step: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await this.#database.read((store) => {
      const size = store(SIZES).get([this.#run, step]) as IDBRequest<number | undefined>;
      const parts = store(PARTS).getAll(keysBelow(this.#run, step)) as IDBRequest<Uint8Array[]>;
      return () => (size.result === undefined ? undefined : concatBytes(parts.result));
    });
  }

  async save(step: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { latest } = await this.list();
    const count = Math.ceil(bytes.length / PART_BYTES);
    const partOf = (part: number): Uint8Array<ArrayBuffer> =>
      bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
    await this.#database.write(
      (store) => {
        store(PARTS).delete(keysBelow(this.#run, step));
        // A view is cloned with all of the buffer behind it.
        for (let part = 0; part < count; part++)
          store(PARTS).put(partOf(part).slice(), [this.#run, step, part]);
        store(SIZES).put(bytes.length, [this.#run, step]);
        store(POINTERS).put(step, this.#run);
        return () => undefined;
      },
      { what: `the checkpoint of step ${step}`, bytes: bytes.length },
    );
    for (let part = 0; part < count; part++) {
      const written = await this.#database.read((store) =>
        resultOf(store(PARTS).get([this.#run, step, part]) as IDBRequest<Uint8Array | undefined>),
      );
      if (written && sameBytes(written, partOf(part))) continue;
      await this.#giveUp(step, latest);
      throw notSaved(step);
    }
  }

  async remove(steps: readonly number[]): Promise<void> {
    if (steps.length === 0) return;
    await this.#database.write((store) => this.#delete(store, steps)).catch(() => undefined);
  }

  /** Points to the checkpoint before again. */
  async #giveUp(step: number, before: number | undefined): Promise<void> {
    await this.#database.write((store) => {
      if (before === undefined) store(POINTERS).delete(this.#run);
      else store(POINTERS).put(before, this.#run);
      return this.#delete(store, [step]);
    });
  }

  #delete(store: (name: string) => IDBObjectStore, steps: readonly number[]): () => void {
    for (const step of steps) {
      store(SIZES).delete([this.#run, step]);
      store(PARTS).delete(keysBelow(this.#run, step));
    }
    return () => undefined;
  }
}

interface NamedBlob {
  readonly name: string;
  readonly content: Blob;
}

/** A browser keeps large blobs out of memory. */
async function blobOf(file: FileReader): Promise<NamedBlob> {
  const parts: BlobPart[] = [];
  for await (const piece of piecesOf(file)) parts.push(new Blob([piece]));
  return { name: file.name, content: new Blob(parts) };
}

function resultOf<T>(request: IDBRequest<T>): () => T {
  return () => request.result;
}

/** The step in a key [id, step]; none in the key of the examples' size. */
function stepOf(key: IDBValidKey): number[] {
  const step: unknown = Array.isArray(key) ? key[1] : undefined;
  return typeof step === 'number' ? [step] : [];
}
