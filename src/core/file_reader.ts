import { TunesmithError } from './errors';

/** A file that can be read in ranges, wherever it lies. If it is still being downloaded, `read` waits for the range. */
export interface FileReader {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Time of the last change in milliseconds since 1970, if it is known. */
  readonly modified?: number;
  /**
   * The bytes from `begin` to before `end`.
   *
   * @param into memory that may hold the bytes if it is large enough; the caller may reuse it once it is done with them
   */
  read(begin: number, end: number, into?: ArrayBuffer): Promise<Uint8Array<ArrayBuffer>>;
}

/** Bytes in memory as a file. */
export function memoryFile(name: string, bytes: Uint8Array): FileReader {
  return {
    name,
    size: bytes.length,
    read: (begin, end) => Promise.resolve(new Uint8Array(bytes.subarray(begin, end))),
  };
}

/** A blob as a file. Reading it throws TunesmithError `file_unreadable`. */
export function blobReader(name: string, blob: Blob): FileReader {
  return {
    name,
    size: blob.size,
    ...(blob instanceof File && { modified: blob.lastModified }),
    read: async (begin, end) => {
      try {
        return new Uint8Array(await blob.slice(begin, end).arrayBuffer());
      } catch (cause) {
        throw new TunesmithError({
          code: 'file_unreadable',
          values: { name },
          cause,
        });
      }
    },
  };
}

/** The whole file as a blob, read in pieces: a browser keeps large blobs out of memory. */
export async function blobOf(file: FileReader): Promise<Blob> {
  const parts: BlobPart[] = [];
  for await (const piece of piecesOf(file)) parts.push(new Blob([piece]));
  return new Blob(parts);
}

/** Reads the file's bytes in order, all or those of a range, in pieces of the given size. */
export async function* piecesOf(
  file: FileReader,
  pieceBytes = 4 * 2 ** 20,
  { begin, end }: { readonly begin: number; readonly end: number } = { begin: 0, end: file.size },
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for (let at = begin; at < end; at += pieceBytes) yield await file.read(at, Math.min(at + pieceBytes, end));
}
