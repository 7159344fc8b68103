import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { TunesmithError } from '../core/errors';
import type { FileReader } from '../core/file_reader';
import {
  contentSize,
  namesOf,
  partsOf,
  storageFull,
  temporaryPath,
  type FileStore,
  type FileWriter,
} from './file_store';

/** Plain files below a folder. The first write creates the folder. */
export function nodeFiles(root: string): FileStore {
  return new NodeFiles(root);
}

class NodeFiles implements FileStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await ignoreMissing(readFile(this.#at(path)));
    return bytes && new Uint8Array(bytes);
  }

  async open(path: string): Promise<Blob | undefined> {
    const bytes = await this.read(path);
    return bytes && new Blob([bytes]);
  }

  async openReader(path: string): Promise<FileReader | undefined> {
    const target = this.#at(path);
    const info = await ignoreMissing(stat(target));
    if (!info?.isFile()) return undefined;
    return {
      name: basename(target),
      size: info.size,
      read: async (begin, end, into) => {
        const file = await open(target, 'r');
        try {
          const bytes = await readRange(file, begin, end, into);
          if (bytes.length === end - begin) return bytes;
          throw new Error(`${target} got shorter while it was read`);
        } finally {
          await file.close();
        }
      },
    };
  }

  async write(path: string, content: Uint8Array | Blob): Promise<void> {
    const target = this.#at(path);
    // Another process may write to the same path.
    const temporary = temporaryPath(`${target}.${process.pid}-${crypto.randomUUID().slice(0, 8)}`);
    try {
      await mkdir(dirname(target), { recursive: true });
      const file = await open(temporary, 'w');
      try {
        for await (const part of partsOf(content)) await file.writeFile(part);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
      await syncFolder(dirname(target));
    } catch (error) {
      // If this fails too, the next clean-up removes the file.
      await rm(temporary, { force: true }).catch(() => undefined);
      throw await this.#told(error, target, contentSize(content));
    }
  }

  async openWriter(path: string): Promise<FileWriter> {
    const target = this.#at(path);
    try {
      await mkdir(dirname(target), { recursive: true });
      const file = await open(target, constants.O_RDWR | constants.O_CREAT);
      return new NodeWriter(file, (error, bytes) => this.#told(error, target, bytes));
    } catch (error) {
      throw await this.#told(error, target);
    }
  }

  async rename(path: string, name: string): Promise<void> {
    const source = this.#at(path);
    const target = join(dirname(source), ...namesOf(name));
    try {
      await rename(source, target);
      await syncFolder(dirname(target));
    } catch (error) {
      throw await this.#told(error, target);
    }
  }

  async list(folder: string): Promise<readonly string[]> {
    const entries =
      (await ignoreMissing(readdir(this.#at(folder), { recursive: true, withFileTypes: true }))) ?? [];
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.#root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .sort();
  }

  async remove(path: string): Promise<void> {
    await rm(this.#at(path), { recursive: true, force: true });
  }

  async size(path: string): Promise<number> {
    const paths = [path, ...(await this.list(path))];
    const found = await Promise.all(paths.map((each) => ignoreMissing(stat(this.#at(each)))));
    return found.reduce((sum, info) => sum + (info?.isFile() ? info.size : 0), 0);
  }

  async free(): Promise<number | undefined> {
    const info = await ignoreMissing(statfs(this.#root));
    return info && info.bavail * info.bsize;
  }

  /** An error of the file system in words for a person, if it has a reason outside the program. */
  async #told(error: unknown, path: string, needed = 0): Promise<unknown> {
    if (hasCode(error, ...FULL)) return storageFull(path, needed, await this.free(), error);
    if (!hasCode(error, ...UNWRITABLE)) return error;
    return new TunesmithError({ code: 'file_not_written', values: { path }, cause: error });
  }

  #at(path: string): string {
    return join(this.#root, ...namesOf(path));
  }
}

class NodeWriter implements FileWriter {
  readonly #file: FileHandle;
  readonly #told: (error: unknown, bytes?: number) => Promise<unknown>;

  /** @param told makes words for a person of an error, from the bytes that were to be written */
  constructor(file: FileHandle, told: (error: unknown, bytes?: number) => Promise<unknown>) {
    this.#file = file;
    this.#told = told;
  }

  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  async read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    return await readRange(this.#file, begin, end);
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    try {
      let done = 0;
      while (done < bytes.length) {
        done += (await this.#file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
      }
    } catch (error) {
      throw await this.#told(error, bytes.length);
    }
  }

  async flush(): Promise<void> {
    try {
      await this.#file.datasync();
    } catch (error) {
      throw await this.#told(error);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Reads a range; fewer bytes at the end of the file. @param into holds them if it is long enough */
async function readRange(
  file: FileHandle,
  begin: number,
  end: number,
  into?: ArrayBuffer,
): Promise<Uint8Array<ArrayBuffer>> {
  const size = end - begin;
  const bytes = into && into.byteLength >= size ? new Uint8Array(into, 0, size) : new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await file.read(bytes, length, size - length, begin + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

const FULL = ['ENOSPC', 'EDQUOT'];

/** Error codes for which the path is at fault, not the program. */
const UNWRITABLE = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENAMETOOLONG'];

/** Makes a rename survive a power cut. Windows can't open folders and does not need this. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function ignoreMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}
