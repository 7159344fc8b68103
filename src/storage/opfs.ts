import { TunesmithError } from '../core/errors';
import { blobReader, type FileReader } from '../core/file_reader';
import {
  contentSize,
  isQuotaError,
  namesOf,
  partsOf,
  storageFull,
  temporaryPath,
  type FileStore,
  type FileWriter,
} from './file_store';

/**
 * Parts of the File System standard that TypeScript's library lacks, because they exist only in workers or are newer.
 */
interface SyncAccessHandle {
  truncate(size: number): void;
  getSize(): number;
  read(bytes: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  flush(): void;
  close(): void;
}
interface WorkerFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<SyncAccessHandle>;
  move(name: string): Promise<void>;
}

/**
 * The browser's private file system (OPFS), for use in a worker.
 *
 * @throws TunesmithError `storage_unavailable` if the browser gives the page no storage
 */
export async function openOpfs(storage: StorageManager = navigator.storage): Promise<FileStore> {
  try {
    return new OpfsFiles(await storage.getDirectory(), storage);
  } catch (cause) {
    throw new TunesmithError({ code: 'storage_without_files', cause });
  }
}

class OpfsFiles implements FileStore {
  readonly #root: FileSystemDirectoryHandle;
  readonly #storage: StorageManager;

  constructor(root: FileSystemDirectoryHandle, storage: StorageManager) {
    this.#root = root;
    this.#storage = storage;
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const file = await this.open(path);
    return file && new Uint8Array(await file.arrayBuffer());
  }

  async open(path: string): Promise<File | undefined> {
    const handle = await this.#find(path);
    return handle?.kind === 'file' ? (handle as FileSystemFileHandle).getFile() : undefined;
  }

  async openReader(path: string): Promise<FileReader | undefined> {
    const file = await this.open(path);
    return file && blobReader(file.name, file);
  }

  async write(path: string, content: Uint8Array | Blob): Promise<void> {
    const names = namesOf(path);
    const name = names.pop()!;
    let folder = this.#root;
    try {
      folder = await this.#folder(names);
      const temporary = (await folder.getFileHandle(temporaryPath(name), {
        create: true,
      })) as WorkerFileHandle;
      await fill(temporary, content);
      await moveOver(folder, temporary, name);
    } catch (error) {
      // If this fails too, the next clean-up removes the file.
      await ignoreMissing(folder.removeEntry(temporaryPath(name))).catch(() => undefined);
      if (isQuotaError(error)) throw storageFull(path, contentSize(content), await this.free(), error);
      throw error;
    }
  }

  async openWriter(path: string): Promise<FileWriter> {
    const names = namesOf(path);
    const name = names.pop()!;
    try {
      const folder = await this.#folder(names);
      const handle = (await folder.getFileHandle(name, { create: true })) as WorkerFileHandle;
      return new OpfsWriter(await handle.createSyncAccessHandle(), path, () => this.free());
    } catch (error) {
      if (isQuotaError(error)) throw storageFull(path, 0, await this.free(), error);
      if (error instanceof DOMException && REFUSALS.has(error.name)) throw inUse(path, error);
      throw error;
    }
  }

  async rename(path: string, name: string): Promise<void> {
    const names = namesOf(path);
    const from = names.pop()!;
    const folder = await this.#folder(names);
    await moveOver(folder, (await folder.getFileHandle(from)) as WorkerFileHandle, name);
  }

  async list(folder: string): Promise<readonly string[]> {
    const handle = await this.#find(folder);
    if (handle?.kind !== 'directory') return [];
    const paths: string[] = [];
    await collect(handle as FileSystemDirectoryHandle, folder, paths);
    return paths.sort();
  }

  async remove(path: string): Promise<void> {
    const names = namesOf(path);
    const name = names.pop()!;
    const folder = names.length === 0 ? this.#root : await this.#find(names.join('/'));
    if (folder?.kind !== 'directory') return;
    await ignoreMissing((folder as FileSystemDirectoryHandle).removeEntry(name, { recursive: true }));
  }

  async size(path: string): Promise<number> {
    const paths = [path, ...(await this.list(path))];
    const files = await Promise.all(paths.map((each) => this.open(each)));
    return files.reduce((sum, file) => sum + (file?.size ?? 0), 0);
  }

  async free(): Promise<number | undefined> {
    const { quota, usage } = await this.#storage.estimate();
    return quota === undefined || usage === undefined ? undefined : Math.max(0, quota - usage);
  }

  async #folder(names: readonly string[]): Promise<FileSystemDirectoryHandle> {
    let folder = this.#root;
    for (const name of names) folder = await folder.getDirectoryHandle(name, { create: true });
    return folder;
  }

  async #find(path: string): Promise<FileSystemHandle | undefined> {
    const names = namesOf(path);
    const name = names.pop()!;
    let folder = this.#root;
    for (const part of names) {
      const next = await ignoreMissing(folder.getDirectoryHandle(part));
      if (next === undefined) return undefined;
      folder = next;
    }
    return (
      (await ignoreMissing(folder.getFileHandle(name))) ??
      (await ignoreMissing(folder.getDirectoryHandle(name)))
    );
  }
}

class OpfsWriter implements FileWriter {
  readonly #access: SyncAccessHandle;
  readonly #path: string;
  readonly #free: () => Promise<number | undefined>;

  constructor(access: SyncAccessHandle, path: string, free: () => Promise<number | undefined>) {
    this.#access = access;
    this.#path = path;
    this.#free = free;
  }

  // The handle is synchronous, so these methods are too, behind their promises.
  async size(): Promise<number> {
    return Promise.resolve(this.#access.getSize());
  }

  async read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(end - begin);
    return Promise.resolve(bytes.subarray(0, this.#access.read(bytes, { at: begin })));
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    try {
      writeAll(this.#access, at, bytes);
    } catch (error) {
      if (!isQuotaError(error)) throw error;
      throw storageFull(this.#path, bytes.length, await this.#free(), error);
    }
  }

  async flush(): Promise<void> {
    this.#access.flush();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#access.close();
    return Promise.resolve();
  }
}

function writeAll(access: SyncAccessHandle, at: number, bytes: Uint8Array): void {
  // A full disk may show only as a short write.
  if (access.write(bytes, { at }) < bytes.length) throw new DOMException('', 'QuotaExceededError');
}

function inUse(path: string, cause: unknown): TunesmithError {
  return new TunesmithError({ code: 'file_in_use', values: { path }, cause });
}

async function fill(handle: WorkerFileHandle, content: Uint8Array | Blob): Promise<void> {
  const access = await handle.createSyncAccessHandle();
  try {
    access.truncate(0);
    let at = 0;
    for await (const part of partsOf(content)) {
      writeAll(access, at, part);
      at += part.length;
    }
    access.flush();
  } finally {
    access.close();
  }
}

/** Errors of browsers that do not move a file over another one. */
const REFUSALS = new Set(['InvalidModificationError', 'NoModificationAllowedError']);

/**
 * Moves a file over another. Chromium and Firefox replace it; for a browser that refuses, remove the old file first.
 */
async function moveOver(
  folder: FileSystemDirectoryHandle,
  handle: WorkerFileHandle,
  name: string,
): Promise<void> {
  try {
    await handle.move(name);
  } catch (error) {
    const refused = error instanceof DOMException && REFUSALS.has(error.name);
    if (!refused) throw error;
    await ignoreMissing(folder.removeEntry(name));
    await handle.move(name);
  }
}

async function collect(folder: FileSystemDirectoryHandle, path: string, paths: string[]): Promise<void> {
  for await (const [name, handle] of folder.entries()) {
    const inner = `${path}/${name}`;
    if (handle.kind === 'file') paths.push(inner);
    else await collect(handle as FileSystemDirectoryHandle, inner, paths);
  }
}

/** Undefined if no entry has the name, or if it is a folder instead of a file or the reverse. */
async function ignoreMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof DOMException && ['NotFoundError', 'TypeMismatchError'].includes(error.name)) {
      return undefined;
    }
    throw error;
  }
}
