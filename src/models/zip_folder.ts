import { inflateSync } from 'fflate';
import { TunesmithError } from '../core/errors';
import type { FileReader } from '../core/file_reader';
import type { ModelFolder } from './folder';

// Signatures and sizes from PKWARE's APPNOTE.TXT 6.3.10.
const END = 0x06054b50;
const END_BYTES = 22;
const LOCATOR = 0x07064b50;
const LOCATOR_BYTES = 20;
const LARGE_END_BYTES = 56;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const LARGE_FIELD = 1;
/** In a field of 32 bits: the value stands in the entry's field for large files. */
const IN_LARGE_FIELD = 0xffffffff;
const STORED = 0;
const DEFLATED = 8;

/** Most bytes of a compressed entry: it is unpacked in memory. Stored entries are read where they lie. */
const MOST_UNPACKED = 2 ** 30;

/**
 * A zip as a folder: its files by their paths. Stored files of any size are read in place.
 *
 * @throws TunesmithError `zip_unreadable` if it is damaged or encrypted, `zip_compressed` if a large file is compressed
 */
export async function zipFolder(zip: FileReader): Promise<ModelFolder> {
  const directory = await readDirectory(zip);
  const files = new Map<string, FileReader>();
  const view = new DataView(directory.buffer, directory.byteOffset, directory.byteLength);
  for (let at = 0; at + ENTRY_BYTES <= directory.length;) {
    if (view.getUint32(at, true) !== ENTRY) throw unreadable(zip);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + ENTRY_BYTES + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > directory.length) throw unreadable(zip);
    const path = new TextDecoder().decode(
      directory.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameLength),
    );
    const entry = entryAt(view, at);
    const encrypted = (view.getUint16(at + 8, true) & 1) !== 0;
    if (!path.endsWith('/')) {
      if (encrypted || (entry.method !== STORED && entry.method !== DEFLATED)) throw unreadable(zip);
      if (entry.method === DEFLATED && entry.size > MOST_UNPACKED) {
        throw new TunesmithError({ code: 'zip_compressed', values: { zip: zip.name, file: path } });
      }
      files.set(path, readerOf(zip, path, entry));
    }
    at = next;
  }
  return files;
}

interface Entry {
  readonly method: number;
  /** Bytes in the zip. */
  readonly packed: number;
  /** Bytes of the file. */
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

function entryAt(view: DataView, at: number): Entry {
  const method = view.getUint16(at + 10, true);
  const nameLength = view.getUint16(at + 28, true);
  const extraBegin = at + ENTRY_BYTES + nameLength;
  const extraEnd = extraBegin + view.getUint16(at + 30, true);
  let large = extraEnd;
  for (let field = extraBegin; field + 4 <= extraEnd; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) === LARGE_FIELD) large = field + 4;
  }
  // The field for large files has only the values that do not fit, in this order.
  const value = (given: number): number => {
    if (given !== IN_LARGE_FIELD || large + 8 > extraEnd) return given;
    large += 8;
    return Number(view.getBigUint64(large - 8, true));
  };
  const size = value(view.getUint32(at + 24, true));
  const packed = value(view.getUint32(at + 20, true));
  const offset = value(view.getUint32(at + 42, true));
  return { method, packed, size, offset };
}

/** The bytes of the central directory. */
async function readDirectory(zip: FileReader): Promise<Uint8Array<ArrayBuffer>> {
  const begin = Math.max(0, zip.size - (END_BYTES + 0xffff + LOCATOR_BYTES));
  const tail = await zip.read(begin, zip.size);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  let end = tail.length - END_BYTES;
  while (end >= 0 && view.getUint32(end, true) !== END) end--;
  if (end < 0) throw unreadable(zip);
  let length = view.getUint32(end + 12, true);
  let offset = view.getUint32(end + 16, true);
  const locator = end - LOCATOR_BYTES;
  if (locator >= 0 && view.getUint32(locator, true) === LOCATOR) {
    const at = Number(view.getBigUint64(locator + 8, true));
    if (at + LARGE_END_BYTES > zip.size) throw unreadable(zip);
    const bytes = await zip.read(at, at + LARGE_END_BYTES);
    const large = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    length = Number(large.getBigUint64(40, true));
    offset = Number(large.getBigUint64(48, true));
  }
  if (offset + length > begin + end) throw unreadable(zip);
  return await zip.read(offset, offset + length);
}

function readerOf(zip: FileReader, path: string, { method, packed, size, offset }: Entry): FileReader {
  let begins: Promise<number> | undefined;
  let unpacked: Promise<Uint8Array> | undefined;
  /** The local header repeats the name, with other extra fields. */
  const findBegin = async (): Promise<number> => {
    const bytes = await zip.read(offset, offset + LOCAL_BYTES);
    if (bytes.length < LOCAL_BYTES) throw unreadable(zip);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const begin = offset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
    if (begin + packed > zip.size) throw unreadable(zip);
    return begin;
  };
  const unpack = async (begin: number): Promise<Uint8Array> => {
    const bytes = await zip.read(begin, begin + packed);
    try {
      return inflateSync(bytes, { out: new Uint8Array(size) });
    } catch (cause) {
      throw unreadable(zip, cause);
    }
  };
  return {
    name: path,
    size,
    read: async (from, to, into) => {
      const begin = await (begins ??= findBegin());
      if (method === STORED) return await zip.read(begin + from, begin + Math.min(to, size), into);
      return new Uint8Array((await (unpacked ??= unpack(begin))).subarray(from, to));
    },
  };
}

function unreadable({ name }: FileReader, cause?: unknown): TunesmithError {
  return new TunesmithError({ code: 'zip_unreadable', values: { file: name }, cause });
}
