import { TunesmithError } from '../core/errors';
import { piecesOf, type FileReader } from '../core/file_reader';
import type { Message } from '../core/messages/message';

/**
 * Files by path: names joined by '/', without a leading one. Writes to the same path must not overlap; `withRunLock`
 * ensures that between tabs.
 */
export interface FileStore {
  /** Set if the stored files are lost with the page, so that copies for later use are pointless. */
  readonly passing?: boolean;
  /** The whole file; undefined if there is none. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** The file for reading a part at a time; undefined if there is none. */
  open(path: string): Promise<Blob | undefined>;
  /**
   * The file as a FileReader, without the detour of a blob if there is a faster way; undefined if it does not exist.
   */
  openReader(path: string): Promise<FileReader | undefined>;
  /**
   * Writes the whole content to a temporary file, flushes it, and only then replaces the old file: a reader finds the
   * old file or the new one. A crash may leave the file `temporaryPath(path)`.
   *
   * @throws TunesmithError `storage_full`
   */
  write(path: string, content: Uint8Array | Blob): Promise<void>;
  /**
   * Opens a file for reading and writing at any offset; creates an empty one if it does not exist. For files too large
   * to write at once: after a crash, the caller must detect an incomplete file.
   *
   * @throws TunesmithError `file_in_use` if another tab has it open in this way
   */
  openWriter(path: string): Promise<FileWriter>;
  /** Renames a closed file within its folder, and replaces a file of that name. */
  rename(path: string, name: string): Promise<void>;
  /** Paths of all files below a folder, sorted; none if there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Removes a file, or a folder with all in it. Does nothing if neither exists. */
  remove(path: string): Promise<void>;
  /** Bytes of a file, or of all files below a folder; 0 if there is neither. */
  size(path: string): Promise<number>;
  /** Bytes that can still be written; undefined if that isn't known. */
  free(): Promise<number | undefined>;
}

/** A file open for reading and writing in place. The caller must close it. */
export interface FileWriter {
  /** Present size of the file in bytes. */
  size(): Promise<number>;
  /** The bytes from `begin` to before `end`, fewer at the end of the file. */
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Writes bytes at an offset. Fills a gap between the end of the file and `at` with zeros.
   *
   * @throws TunesmithError `storage_full`
   */
  write(at: number, bytes: Uint8Array): Promise<void>;
  /** Makes the data written so far survive a crash. */
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

/** Splits a path into names. @throws TunesmithError `storage_path` for a path that leads out of the store */
export function namesOf(path: string): string[] {
  const names = path.split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..' || /[\\\0]/.test(name))) {
    throw new TunesmithError({ code: 'storage_path', values: { path } });
  }
  return names;
}

/** Parses a JSON file; undefined if it does not exist or is no JSON. The caller must validate the result. */
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

/** Copies a file to the path, a piece at a time. @throws TunesmithError `storage_full` */
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

/** Yields the content in parts; reads a blob a part at a time. */
export async function* partsOf(content: Uint8Array | Blob): AsyncGenerator<Uint8Array, void, void> {
  if (content instanceof Uint8Array) {
    yield content;
    return;
  }
  yield* streamParts(content.stream());
}

/** Yields the parts of a stream; cancels the stream if the caller stops early. */
export async function* streamParts(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  // Not `for await` over the stream, because not every browser can iterate streams.
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
 * @param what the data to write: a path or a description
 * @param needed its bytes
 * @param free bytes of free room, if known
 */
export function storageFull(
  what: string | Message,
  needed: number,
  free: number | undefined,
  cause?: unknown,
): TunesmithError {
  // Browsers may report more room than there is.
  const room = free !== undefined && free < needed ? free : undefined;
  return new TunesmithError({ code: 'storage_full', values: { what, needed, free: room }, cause });
}

/** Whether an error means that the browser's storage is full. */
export function isQuotaError(error: unknown): boolean {
  // Some browsers throw a DOMException, newer ones a separate class.
  return error instanceof Error && error.name === 'QuotaExceededError';
}
