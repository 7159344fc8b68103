import { TunesmithError } from '../core/errors';
import { piecesOf, type FileReader } from '../core/file_reader';
import type { Message } from '../core/messages/message';

/**
 * Files by path: names joined by '/', without a leading one. Writers of the same path must not overlap; `withRunLock`
 * sees to that between tabs.
 */
export interface FileStore {
  /** Set if what is stored goes with the page: copies for the next time are not worth making. */
  readonly passing?: boolean;
  /** The whole file; undefined if there is none. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** The file for reading a part at a time; undefined if there is none. */
  open(path: string): Promise<Blob | undefined>;
  /** The same as what models are read from, without the detour of a blob where there is a shorter way. */
  openReader(path: string): Promise<FileReader | undefined>;
  /**
   * Writes the whole content beside the path, flushed, and only then puts it in the place of what was there: a reader
   * finds the old file or the new one. What a crash leaves is called `temporaryPath(path)`.
   *
   * @throws TunesmithError `storage_full`
   */
  write(path: string, content: Uint8Array | Blob): Promise<void>;
  /**
   * Opens a file for reading and writing anywhere in it; makes it, empty, where there is none. For files too large to be
   * written whole: what a crash leaves of them is for the caller to tell.
   *
   * @throws TunesmithError `file_in_use` if another tab has it open in this way
   */
  openWriter(path: string): Promise<FileWriter>;
  /** Gives a file, which nobody has open, another name within its folder, in the place of what has that name. */
  rename(path: string, name: string): Promise<void>;
  /** Paths of all files below a folder, sorted; none if there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Removes a file, or a folder with all in it. Nothing happens where there is neither. */
  remove(path: string): Promise<void>;
  /** Bytes of a file, or of all files below a folder; 0 if there is neither. */
  size(path: string): Promise<number>;
  /** Bytes that can still be written; undefined if that isn't known. */
  free(): Promise<number | undefined>;
}

/** A file open for reading and writing in place. Each has to be closed. */
export interface FileWriter {
  /** Bytes of the file now. */
  size(): Promise<number>;
  /** The bytes from `begin` to before `end`, fewer at the end of the file. */
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Bytes between the end of the file and `at` become zeros.
   *
   * @throws TunesmithError `storage_full`
   */
  write(at: number, bytes: Uint8Array): Promise<void>;
  /** Makes what was written so far last through a crash. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const TEMPORARY = '.tmp';

export function temporaryPath(path: string): string {
  return path + TEMPORARY;
}

export function isTemporary(path: string): boolean {
  return path.endsWith(TEMPORARY);
}

/** The names that a path consists of. @throws TunesmithError `storage_path` for a path that leads elsewhere */
export function namesOf(path: string): string[] {
  const names = path.split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..' || /[\\\0]/.test(name))) {
    throw new TunesmithError({ code: 'storage_path', values: { path } });
  }
  return names;
}

/** What a file of JSON holds; undefined if there is none, or no JSON in it. Check what comes back. */
export async function readJson(files: FileStore, path: string): Promise<unknown> {
  const bytes = await files.read(path);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

export async function writeJson(files: FileStore, path: string, value: unknown): Promise<void> {
  await files.write(path, new TextEncoder().encode(JSON.stringify(value)));
}

/** Writes a copy of a file at the path, a piece at a time. @throws TunesmithError `storage_full` */
export async function writeCopy(files: FileStore, path: string, file: FileReader): Promise<void> {
  const writer = await files.openWriter(path);
  try {
    let at = 0;
    for await (const piece of piecesOf(file)) {
      await writer.write(at, piece);
      at += piece.length;
    }
    await writer.flush();
  } finally {
    await writer.close();
  }
}

/** The parts of the content in turn; a blob is read a part at a time. */
export async function* partsOf(content: Uint8Array | Blob): AsyncGenerator<Uint8Array, void, void> {
  if (content instanceof Uint8Array) {
    yield content;
    return;
  }
  yield* streamParts(content.stream());
}

/** The parts of a stream in turn; it is cancelled if not all of them are taken. */
export async function* streamParts(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  // Not `for await` over the stream: not every browser can iterate streams.
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

export function contentSize(content: Uint8Array | Blob): number {
  return content instanceof Uint8Array ? content.length : content.size;
}

/**
 * @param what was to be written: a path, or what it is
 * @param needed its bytes
 * @param free bytes there is room for, if known
 */
export function storageFull(
  what: string | Message,
  needed: number,
  free: number | undefined,
  cause?: unknown,
): TunesmithError {
  // Browsers may tell more room than there is.
  const room = free !== undefined && free < needed ? free : undefined;
  return new TunesmithError({ code: 'storage_full', values: { what, needed, free: room }, cause });
}

/** Whether a browser has no room left. */
export function isQuotaError(error: unknown): boolean {
  // A DOMException in some browsers, a class of its own in newer ones.
  return error instanceof Error && error.name === 'QuotaExceededError';
}
