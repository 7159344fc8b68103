import { TunesmithError } from './errors';
import type { FileReader } from './file_reader';

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
export const STORED = 0;
export const DEFLATED = 8;

/** A file within a zip. */
export interface ZipEntry {
  /** In UTF-8, as most programs write it. */
  readonly path: string;
  readonly pathBytes: Uint8Array;
  readonly encrypted: boolean;
  /** `STORED`, `DEFLATED` or a number of another method. */
  readonly method: number;
  /** Bytes in the zip. */
  readonly packed: number;
  /** Bytes of the file. */
  readonly size: number;
  readonly crc32: number;
  /** Where its local header begins. */
  readonly offset: number;
}

/** The files and folders in a zip; paths of folders end in a slash. @throws TunesmithError `zip_unreadable` if it is damaged */
export async function zipEntries(zip: FileReader): Promise<readonly ZipEntry[]> {
  const directory = await readDirectory(zip);
  const entries: ZipEntry[] = [];
  const view = new DataView(directory.buffer, directory.byteOffset, directory.byteLength);
  for (let at = 0; at + ENTRY_BYTES <= directory.length;) {
    if (view.getUint32(at, true) !== ENTRY) throw zipUnreadable(zip);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + ENTRY_BYTES + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > directory.length) throw zipUnreadable(zip);
    const pathBytes = directory.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameLength);
    entries.push({
      path: new TextDecoder().decode(pathBytes),
      pathBytes,
      encrypted: (view.getUint16(at + 8, true) & 1) !== 0,
      crc32: view.getUint32(at + 16, true),
      ...placeAt(view, at),
    });
    at = next;
  }
  return entries;
}

/** Offset of an entry's bytes in the zip: the local header repeats the name, with other extra fields. */
export async function zipDataBegin(zip: FileReader, { offset, packed }: ZipEntry): Promise<number> {
  const bytes = await zip.read(offset, offset + LOCAL_BYTES);
  if (bytes.length < LOCAL_BYTES) throw zipUnreadable(zip);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = offset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  if (begin + packed > zip.size) throw zipUnreadable(zip);
  return begin;
}

function placeAt(view: DataView, at: number): Pick<ZipEntry, 'method' | 'packed' | 'size' | 'offset'> {
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
  if (end < 0) throw zipUnreadable(zip);
  let length = view.getUint32(end + 12, true);
  let offset = view.getUint32(end + 16, true);
  const locator = end - LOCATOR_BYTES;
  if (locator >= 0 && view.getUint32(locator, true) === LOCATOR) {
    const at = Number(view.getBigUint64(locator + 8, true));
    if (at + LARGE_END_BYTES > zip.size) throw zipUnreadable(zip);
    const bytes = await zip.read(at, at + LARGE_END_BYTES);
    const large = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    length = Number(large.getBigUint64(40, true));
    offset = Number(large.getBigUint64(48, true));
  }
  if (offset + length > begin + end) throw zipUnreadable(zip);
  return await zip.read(offset, offset + length);
}

export function zipUnreadable({ name }: FileReader, cause?: unknown): TunesmithError {
  return new TunesmithError({ code: 'zip_unreadable', values: { file: name }, cause });
}
