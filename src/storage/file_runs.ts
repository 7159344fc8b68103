import { array, number, object, safeParse, string } from 'valibot';
import { sameBytes } from '../core/bytes';
import type { FileReader } from '../core/file_reader';
import { notSaved, type CheckpointStore, type StoredCheckpoints } from './checkpoints';
import { isTemporary, readJson, writeCopy, writeJson, type FileStore } from './file_store';
import type { RunStorage } from './run_storage';

/*
 * Each run has a folder: run.json (its record), examples.json with the files it names, and the checkpoints with
 * latest.json, which names the current one. The record is written last and removed last.
 */

const ROOT = 'runs';
const RECORD = 'run.json';
const EXAMPLES = 'examples.json';
/** Written after the checkpoint, so that it never names an incomplete one. */
const POINTER = 'latest.json';

const examplesSchema = array(object({ name: string(), file: string(), bytes: number() }));
const pointerSchema = object({ step: number() });

/** Runs as plain files below `runs/`. */
export function fileRuns(files: FileStore): RunStorage {
  return new FileRuns(files);
}

class FileRuns implements RunStorage {
  readonly #files: FileStore;

  constructor(files: FileStore) {
    this.#files = files;
  }

  async create(id: string, record: object, examples: readonly FileReader[]): Promise<void> {
    try {
      const listed = examples.map(({ name, size }, i) => ({ name, file: `examples-${i}`, bytes: size }));
      for (const [i, { file }] of listed.entries()) {
        await writeCopy(this.#files, `${folderOf(id)}/${file}`, examples[i]!);
      }
      await writeJson(this.#files, `${folderOf(id)}/${EXAMPLES}`, listed);
      await this.putRecord(id, record);
    } catch (error) {
      // An incomplete run must not take up the room that is left.
      await this.#files.remove(folderOf(id)).catch(() => undefined);
      throw error;
    }
  }

  async record(id: string): Promise<unknown> {
    return await readJson(this.#files, `${folderOf(id)}/${RECORD}`);
  }

  async records(): Promise<ReadonlyMap<string, unknown>> {
    const names = (await this.#files.list(ROOT)).map((path) => path.split('/'));
    const ids = names.flatMap(([, id, name, ...more]) => (name === RECORD && more.length === 0 ? [id!] : []));
    return new Map(await Promise.all(ids.map(async (id) => [id, await this.record(id)] as const)));
  }

  async putRecord(id: string, record: object): Promise<void> {
    await writeJson(this.#files, `${folderOf(id)}/${RECORD}`, record);
  }

  async examples(id: string): Promise<readonly FileReader[] | undefined> {
    const listed = safeParse(examplesSchema, await readJson(this.#files, `${folderOf(id)}/${EXAMPLES}`));
    if (!listed.success) return undefined;
    const examples: FileReader[] = [];
    for (const { name, file, bytes } of listed.output) {
      const reader = await this.#files.openReader(`${folderOf(id)}/${file}`);
      if (reader?.size !== bytes) return undefined;
      examples.push({ name, size: bytes, read: reader.read.bind(reader) });
    }
    return examples;
  }

  checkpoints(id: string): CheckpointStore {
    return fileCheckpoints(this.#files, folderOf(id));
  }

  async size(id: string): Promise<number> {
    return await this.#files.size(folderOf(id));
  }

  async remove(id: string): Promise<void> {
    const record = `${folderOf(id)}/${RECORD}`;
    for (const path of await this.#files.list(folderOf(id))) {
      if (path !== record) await this.#files.remove(path);
    }
    await this.#files.remove(folderOf(id));
  }
}

/** The folder of a run. */
function folderOf(id: string): string {
  return `${ROOT}/${id}`;
}

/** Checkpoints as files in a folder, each beside the one before. */
export function fileCheckpoints(files: FileStore, folder: string): CheckpointStore {
  return new FileCheckpoints(files, folder);
}

class FileCheckpoints implements CheckpointStore {
  readonly #files: FileStore;
  readonly #folder: string;

  constructor(files: FileStore, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  async list(): Promise<StoredCheckpoints> {
    const steps = (await this.#files.list(this.#folder)).flatMap((path) => stepOf(path) ?? []);
    const pointer = safeParse(pointerSchema, await readJson(this.#files, `${this.#folder}/${POINTER}`));
    return { steps: steps.sort((a, b) => a - b), ...(pointer.success && { latest: pointer.output.step }) };
  }

  async read(step: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await this.#files.read(this.#path(step));
  }

  async save(step: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#files.write(this.#path(step), bytes);
    const written = await this.#files.read(this.#path(step));
    if (written === undefined || !sameBytes(written, bytes)) throw notSaved(step);
    await writeJson(this.#files, `${this.#folder}/${POINTER}`, { step });
  }

  async remove(steps: readonly number[]): Promise<void> {
    const left = (await this.#files.list(this.#folder).catch(() => [])).filter(isTemporary);
    for (const path of [...steps.map((step) => this.#path(step)), ...left]) {
      await this.#files.remove(path).catch(() => undefined);
    }
  }

  #path(step: number): string {
    return `${this.#folder}/checkpoint-${step}.safetensors`;
  }
}

function stepOf(path: string): number | undefined {
  const step = /\/checkpoint-(\d+)\.safetensors$/.exec(path)?.[1];
  return step === undefined ? undefined : Number(step);
}
