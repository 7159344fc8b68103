import { Gunzip, Inflate } from 'fflate';
import { createCRC32 } from 'hash-wasm';
import { piecesOf, type FileReader } from '../../core/file_reader';
import { message } from '../../core/messages/message';
import { zipDataBegin, type ZipEntry } from '../../core/zip_directory';
import { DataFault } from './fault';

/** Bytes that are unpacked at once: they become a thousand times as many at most. */
const PIECE = 2 ** 14;
/** Bytes behind a member of a gzip file: its checksum and its length (RFC 1952). */
const TRAILER = 8;

/**
 * The unpacked bytes of a gzip file, of one member or of several.
 *
 * @throws DataFault `archive` if it is damaged or cut off
 */
export async function* gunzipped(file: FileReader): AsyncGenerator<Uint8Array, void, void> {
  const crc = (await createCRC32()).init();
  const out: Uint8Array[] = [];
  const ends: { readonly end: number; readonly sum: string }[] = [];
  const endMember = (end: number): void => {
    ends.push({ end, sum: crc.digest() });
    crc.init();
  };
  const gunzip = new Gunzip((piece) => {
    crc.update(piece);
    out.push(piece);
  });
  gunzip.onmember = endMember;
  let read = 0;
  for await (const piece of piecesOf(file, PIECE)) {
    read += piece.length;
    const final = read === file.size;
    undamaged(file, () => {
      gunzip.push(piece, final);
    });
    if (final) endMember(file.size);
    for (const { end, sum } of ends.splice(0)) {
      const trailer = await file.read(end - TRAILER, end);
      const told = new DataView(trailer.buffer, trailer.byteOffset).getUint32(0, true);
      if (told !== Number.parseInt(sum, 16)) throw damaged(file);
    }
    yield* out.splice(0);
  }
}

/**
 * The unpacked bytes of a deflated file within a zip.
 *
 * @throws DataFault `archive` if they are not those that the zip's directory announces
 */
export async function* inflated(zip: FileReader, entry: ZipEntry): AsyncGenerator<Uint8Array, void, void> {
  const crc = (await createCRC32()).init();
  const out: Uint8Array[] = [];
  const inflate = new Inflate((piece) => {
    crc.update(piece);
    out.push(piece);
  });
  const begin = await zipDataBegin(zip, entry);
  const end = begin + entry.packed;
  let [read, size] = [begin, 0];
  for await (const piece of piecesOf(zip, PIECE, { begin, end })) {
    read += piece.length;
    undamaged(zip, () => {
      inflate.push(piece, read === end);
    });
    for (const part of out) size += part.length;
    if (size > entry.size) throw damaged(zip);
    if (read === end && (size < entry.size || Number.parseInt(crc.digest(), 16) !== entry.crc32)) {
      throw damaged(zip);
    }
    yield* out.splice(0);
  }
}

/**
 * Checks the bytes of a file that a zip holds as it is. It may be read in any order later.
 *
 * @param giveWay is awaited between pieces; it may throw to stop
 * @throws DataFault `archive` if they are not those that the zip's directory announces
 */
export async function checkStored(
  zip: FileReader,
  entry: ZipEntry,
  giveWay: () => Promise<unknown>,
): Promise<void> {
  const crc = (await createCRC32()).init();
  const begin = await zipDataBegin(zip, entry);
  for await (const piece of piecesOf(zip, undefined, { begin, end: begin + entry.size })) {
    crc.update(piece);
    await giveWay();
  }
  if (entry.size !== entry.packed || Number.parseInt(crc.digest(), 16) !== entry.crc32) throw damaged(zip);
}

function undamaged({ name }: FileReader, unpack: () => void): void {
  try {
    unpack();
  } catch {
    throw damaged({ name });
  }
}

function damaged({ name }: Pick<FileReader, 'name'>): DataFault {
  return new DataFault({ code: 'archive', reason: message('archive_damaged', { file: name }) });
}
