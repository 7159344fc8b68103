import { Unzip, UnzipInflate } from 'fflate';
import { TunesmithError } from '../core/errors';
import { memoryFile, type FileReader } from '../core/file_reader';
import { ADAPTER_FILES } from './adapter_names';
import type { ModelFolder } from './folder';

/** Bytes of a zip to read at once. */
const PIECE_BYTES = 1 << 20;

/**
 * Unpacks the wanted files of a zip, by name; they may be in folders within it. It unpacks nothing else, and no more
 * than `most` bytes. Throws `adapter_zip`.
 */
export async function unzippedFiles(
  zip: FileReader,
  wanted: readonly string[],
  most: number,
): Promise<ModelFolder> {
  await checkZipEnd(zip);
  const found = new Map<string, Uint8Array[]>();
  let total = 0;
  let failure: unknown;
  const unzip = new Unzip((entry) => {
    const name = baseName(entry.name);
    if (!wanted.includes(name) || failure !== undefined) return;
    if (found.has(name)) {
      failure = zipError(zip.name, { twice: name });
      return;
    }
    const chunks: Uint8Array[] = [];
    found.set(name, chunks);
    entry.ondata = (error, chunk) => {
      if (error) {
        failure ??= error;
        return;
      }
      total += chunk.length;
      if (total > most) failure ??= tooLarge(name, most, zip.name);
      else chunks.push(chunk);
    };
    entry.start();
  });
  unzip.register(UnzipInflate);
  try {
    for (let begin = 0; begin < zip.size && failure === undefined; begin += PIECE_BYTES) {
      const end = Math.min(begin + PIECE_BYTES, zip.size);
      unzip.push(await zip.read(begin, end), end === zip.size);
    }
  } catch (error) {
    failure ??= error;
  }
  if (failure instanceof TunesmithError) throw failure;
  if (failure !== undefined) throw zipError(zip.name, { cause: failure });
  return new Map(Array.from(found, ([name, chunks]) => [name, memoryFile(name, joined(chunks))]));
}

/** Checks that a zip ends with its directory, which at most a comment of 64 KiB follows. */
async function checkZipEnd(zip: FileReader): Promise<void> {
  const tail = await zip.read(Math.max(0, zip.size - (22 + 0xffff)), zip.size);
  const signature = [0x50, 0x4b, 0x05, 0x06];
  for (let at = tail.length - 22; at >= 0; at--) {
    if (signature.every((byte, i) => tail[at + i] === byte)) return;
  }
  throw zipError(zip.name);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The error for a file of an adapter that is larger than one can be. @param zip the zip that it is in */
export function tooLarge(name: string, most: number, zip?: string): TunesmithError {
  return new TunesmithError({ code: 'adapter_too_large', values: { name, zip, most } });
}

function zipError(
  file: string,
  { twice, cause }: { readonly twice?: string; readonly cause?: unknown } = {},
): TunesmithError {
  return new TunesmithError({ code: 'adapter_zip', values: { file, twice, ...ADAPTER_FILES }, cause });
}
