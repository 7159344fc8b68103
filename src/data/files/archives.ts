import { TunesmithError } from '../../core/errors';
import { memoryFile, piecesOf, type FileReader } from '../../core/file_reader';
import { message } from '../../core/messages/message';
import { DEFLATED, STORED, zipDataBegin, zipEntries, type ZipEntry } from '../../core/zip_directory';
import { DataFault } from './fault';
import { isDataFile, needsAnyPlace } from './formats';
import { likelyEncodings } from './likely_encodings';
import { strictlyDecoded } from './legacy_decoder';
import { unpackedFile } from './unpacked_file';
import { checkStored, gunzipped, inflated } from './unpacking';

/** Most bytes of a packed file whose format reads it out of order: it is unpacked in memory. */
const MOST_IN_MEMORY = 256 * 2 ** 20;
const GZIP = [0x1f, 0x8b];
const ZIP = [0x50, 0x4b, 0x03, 0x04];
/** Folders, and what programs put beside a person's files: all in folders that are hidden, or that macOS adds. */
const NO_FILE = /\/$|(?:^|\/)(?:\.|__MACOSX\/)/;

/** The files that a file stands for. */
export interface Unpacked {
  readonly files: readonly FileReader[];
  /** Names of files in an archive that are not examples, by their endings. */
  readonly others: readonly string[];
}

/**
 * The files of examples in a gzip or zip file, called `archive.zip/inner.jsonl`; any other file is itself. They are
 * unpacked as they are read.
 *
 * @param giveWay is awaited while a file is counted; it may throw to stop
 * @throws DataFault if the archive is damaged, encrypted, or has no examples
 */
export async function unpacked(file: FileReader, giveWay: () => Promise<unknown>): Promise<Unpacked> {
  const head = await file.read(0, Math.min(4, file.size));
  const begins = (bytes: readonly number[]): boolean => bytes.every((byte, at) => head[at] === byte);
  if (begins(GZIP)) {
    return { files: [await placed(await gunzippedFile(file, giveWay))], others: [] };
  }
  return begins(ZIP) ? await unzipped(file, giveWay) : { files: [file], others: [] };
}

/** Unpacks the whole once, because a gzip file does not tell its length. */
async function gunzippedFile(file: FileReader, giveWay: () => Promise<unknown>): Promise<FileReader> {
  let size = 0;
  for await (const piece of gunzipped(file)) {
    size += piece.length;
    await giveWay();
  }
  return unpackedFile(file.name, size, () => gunzipped(file));
}

async function unzipped(zip: FileReader, giveWay: () => Promise<unknown>): Promise<Unpacked> {
  const entries = (await entriesOf(zip)).filter(({ path }) => !NO_FILE.test(path));
  // A workbook is a zip too, which its format reads.
  if (entries.some(({ path }) => path === 'xl/workbook.xml')) return { files: [zip], others: [] };
  const named = entries.map((entry) => ({ entry, name: nameOf(entry) }));
  const examples = named.filter(({ name }) => isDataFile(name) && !/\.zip$/i.test(name));
  if (examples.length === 0) {
    throw new DataFault({ code: 'archive', reason: message('archive_empty', { file: zip.name }) });
  }
  const files: FileReader[] = [];
  for (const { entry, name } of examples.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = innerFile(zip, entry, `${zip.name}/${name}`);
    if (entry.method === STORED) await checkStored(zip, entry, giveWay);
    files.push(await placed(/\.gz$/i.test(name) ? await gunzippedFile(inner, giveWay) : inner));
  }
  return { files, others: named.filter((each) => !examples.includes(each)).map(({ name }) => name) };
}

async function entriesOf(zip: FileReader): Promise<readonly ZipEntry[]> {
  try {
    return await zipEntries(zip);
  } catch (error) {
    if (error instanceof TunesmithError && error.code === 'zip_unreadable') throw damaged(zip);
    throw error;
  }
}

/** Chinese and Japanese programs write names in the encodings of their systems. */
function nameOf({ path, pathBytes }: ZipEntry): string {
  if (strictlyDecoded('utf-8', pathBytes) !== undefined) return path;
  const [label = 'gb18030'] = likelyEncodings([pathBytes]);
  return strictlyDecoded(label, pathBytes) ?? path;
}

function innerFile(zip: FileReader, entry: ZipEntry, name: string): FileReader {
  const { method, size, encrypted } = entry;
  if (encrypted || (method !== STORED && method !== DEFLATED)) throw damaged(zip);
  if (method === DEFLATED) return unpackedFile(name, size, () => inflated(zip, entry));
  return {
    name,
    size,
    read: async (from, to, into) => {
      const begin = await zipDataBegin(zip, entry);
      return await zip.read(begin + from, begin + Math.min(to, size), into);
    },
  };
}

/** A file that can be read in any order, if its format needs that. */
async function placed(file: FileReader): Promise<FileReader> {
  const head = await file.read(0, Math.min(4096, file.size));
  if (!needsAnyPlace(head, file.name)) return file;
  if (file.size > MOST_IN_MEMORY) {
    const reason = message('archive_unpack', { megabytes: MOST_IN_MEMORY / 2 ** 20 });
    throw new DataFault({ code: 'archive', reason });
  }
  const bytes = new Uint8Array(file.size);
  let at = 0;
  for await (const piece of piecesOf(file)) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return memoryFile(file.name, bytes);
}

function damaged({ name }: FileReader): DataFault {
  return new DataFault({ code: 'archive', reason: message('archive_damaged', { file: name }) });
}
