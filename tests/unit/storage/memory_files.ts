import { blobReader, type FileReader } from '../../../src/core/file_reader';
import {
  contentSize,
  namesOf,
  partsOf,
  storageFull,
  temporaryPath,
  type FileStore,
  type FileWriter,
} from '../../../src/storage/file_store';

/** The error of every call after a crash. */
export class Crash extends Error {}

/**
 * A fault at the n-th change (from 1) of the stored files: the program dies before it, or in the midst of it where a
 * write is not atomic after all; or that one change fails and the program lives on.
 */
export interface Fault {
  readonly at: number;
  readonly kind: 'crash' | 'torn' | 'fail';
}

/** Files in memory, whose every change can be made to fail. A write changes twice: beside the path, then in its place. */
export class MemoryFiles implements FileStore {
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  changes = 0;
  #fault: Fault | undefined;
  #crashed = false;
  room: number | undefined;

  constructor(files = new Map<string, Uint8Array<ArrayBuffer>>(), fault?: Fault) {
    this.files = files;
    this.#fault = fault;
  }

  read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#then(() => this.files.get(path)?.slice());
  }

  open(path: string): Promise<Blob | undefined> {
    return this.#then(() => {
      const bytes = this.files.get(path);
      return bytes && new Blob([bytes]);
    });
  }

  async openReader(path: string): Promise<FileReader | undefined> {
    const blob = await this.open(path);
    return blob && blobReader(path, blob);
  }

  async write(path: string, content: Uint8Array | Blob): Promise<void> {
    namesOf(path);
    const bytes = new Uint8Array(contentSize(content));
    let at = 0;
    for await (const part of partsOf(content)) {
      bytes.set(part, at);
      at += part.length;
    }
    await this.#then(() => {
      const temporary = temporaryPath(path);
      const half = bytes.slice(0, bytes.length / 2);
      this.#change(
        () => this.files.set(temporary, bytes),
        () => this.files.set(temporary, half),
      );
      this.#change(
        () => {
          this.files.delete(temporary);
          this.files.set(path, bytes);
        },
        () => this.files.set(path, half),
      );
    });
  }

  openWriter(path: string): Promise<FileWriter> {
    const get = () => this.files.get(path) ?? new Uint8Array();
    return this.#then(() => {
      namesOf(path);
      if (!this.files.has(path)) this.files.set(path, new Uint8Array());
      return {
        size: () => this.#then(() => get().length),
        read: (begin, end) => this.#then(() => get().slice(begin, end)),
        write: (at, bytes) => this.#then(() => this.#change(() => this.#put(path, at, bytes))),
        flush: () => this.#then(() => undefined),
        close: () => this.#then(() => undefined),
      };
    });
  }

  rename(path: string, name: string): Promise<void> {
    return this.#then(() => {
      const target = [...namesOf(path).slice(0, -1), name].join('/');
      const bytes = this.files.get(path);
      if (!bytes) throw new Error(`there is no ${path}`);
      this.#change(() => {
        this.files.delete(path);
        this.files.set(target, bytes);
      });
    });
  }

  list(folder: string): Promise<readonly string[]> {
    return this.#then(() => [...this.files.keys()].filter((path) => path.startsWith(`${folder}/`)).sort());
  }

  remove(path: string): Promise<void> {
    return this.#then(() => {
      const doomed = [...this.files.keys()].filter((key) => key === path || key.startsWith(`${path}/`));
      if (doomed.length === 0) return;
      const remove = (keys: readonly string[]) => () => keys.forEach((key) => this.files.delete(key));
      this.#change(remove(doomed), remove(doomed.slice(0, doomed.length / 2)));
    });
  }

  async size(path: string): Promise<number> {
    const paths = [path, ...(await this.list(path))];
    return paths.reduce((sum, each) => sum + (this.files.get(each)?.length ?? 0), 0);
  }

  free(): Promise<number | undefined> {
    return this.#then(() => this.room);
  }

  /** Takes from `room`, where there is a limit to it, what the file grows by. */
  #put(path: string, at: number, bytes: Uint8Array): void {
    const old = this.files.get(path) ?? new Uint8Array();
    const length = Math.max(old.length, at + bytes.length);
    if (this.room !== undefined) {
      if (length - old.length > this.room) throw storageFull(path, bytes.length, this.room);
      this.room -= length - old.length;
    }
    const grown = new Uint8Array(length);
    grown.set(old);
    grown.set(bytes, at);
    this.files.set(path, grown);
  }

  #change(whole: () => unknown, half: () => unknown = () => undefined): void {
    this.changes++;
    if (this.#fault?.at !== this.changes) {
      whole();
      return;
    }
    const { kind } = this.#fault;
    this.#crashed = kind !== 'fail';
    if (kind === 'torn') half();
    throw kind === 'fail' ? new Error('This change failed.') : new Crash();
  }

  #then<T>(work: () => T): Promise<T> {
    return Promise.resolve().then(() => {
      if (this.#crashed) throw new Crash();
      return work();
    });
  }
}
