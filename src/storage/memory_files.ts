import { blobReader, type FileReader } from '../core/file_reader';
import { namesOf, type FileStore, type FileWriter } from './file_store';

/**
 * Files in memory, for a browser that gives the page no storage: models are downloaded into them and read from there.
 */
export function memoryFiles(): FileStore {
  return new MemoryFiles();
}

class MemoryFiles implements FileStore {
  readonly passing = true;
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();

  read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return Promise.resolve(this.#files.get(path)?.slice());
  }

  open(path: string): Promise<Blob | undefined> {
    const bytes = this.#files.get(path);
    return Promise.resolve(bytes && new Blob([bytes]));
  }

  async openReader(path: string): Promise<FileReader | undefined> {
    const blob = await this.open(path);
    return blob && blobReader(path.split('/').at(-1)!, blob);
  }

  async write(path: string, content: Uint8Array | Blob): Promise<void> {
    namesOf(path);
    const bytes = content instanceof Uint8Array ? content : await content.arrayBuffer();
    this.#files.set(path, new Uint8Array(bytes));
  }

  openWriter(path: string): Promise<FileWriter> {
    namesOf(path);
    const files = this.#files;
    const bytes = (): Uint8Array<ArrayBuffer> => files.get(path) ?? new Uint8Array();
    if (!files.has(path)) files.set(path, new Uint8Array());
    return Promise.resolve({
      size: () => Promise.resolve(bytes().length),
      read: (begin, end) => Promise.resolve(bytes().slice(begin, end)),
      write: (at, part) => {
        const end = at + part.length;
        if (end > bytes().length) files.set(path, grown(bytes(), end));
        bytes().set(part, at);
        return Promise.resolve();
      },
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    });
  }

  rename(path: string, name: string): Promise<void> {
    const bytes = this.#files.get(path);
    this.#files.delete(path);
    if (bytes) this.#files.set([...path.split('/').slice(0, -1), name].join('/'), bytes);
    return Promise.resolve();
  }

  list(folder: string): Promise<readonly string[]> {
    return Promise.resolve([...this.#files.keys()].filter((path) => path.startsWith(`${folder}/`)).sort());
  }

  remove(path: string): Promise<void> {
    for (const each of this.#files.keys()) {
      if (each === path || each.startsWith(`${path}/`)) this.#files.delete(each);
    }
    return Promise.resolve();
  }

  async size(path: string): Promise<number> {
    const paths = [path, ...(await this.list(path))];
    return paths.reduce((sum, each) => sum + (this.#files.get(each)?.length ?? 0), 0);
  }

  free(): Promise<number | undefined> {
    return Promise.resolve(undefined);
  }
}

/** A longer view of the same buffer if it is large enough, else a copy with twice the capacity. */
function grown(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer.byteLength >= length && bytes.byteOffset === 0) return new Uint8Array(buffer, 0, length);
  const larger = new Uint8Array(Math.max(length, 2 * buffer.byteLength));
  larger.set(bytes);
  return larger.subarray(0, length);
}
