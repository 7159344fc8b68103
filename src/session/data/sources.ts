import { memoryFile, type FileReader } from '../../core/file_reader';
import { message } from '../../core/messages/message';
import type { DataSettings } from '../../core/settings/settings';
import { editsOf, isEdits, readEdits, type Edits } from '../../data/edits';
import { unpacked } from '../../data/files/archives';
import { DataFault } from '../../data/files/fault';
import { optionsOf } from './assembling';
import type { DataSource } from './data_source';

/** Bytes at the beginning of a file by which edits are known. */
const HEAD = 64;

/** Names of files that a message lists. */
const LISTED = 3;

/** A source, and the index of the given file that it comes from. */
export interface GivenSource extends DataSource {
  readonly given: number;
}

/** A file as given, unpacked. */
export interface UnpackedFile {
  readonly file: FileReader;
  /** Why it can't be read. */
  readonly fault?: DataFault;
}

/** The files that each given file stands for. */
export type Unpacking = ReadonlyMap<FileReader, readonly UnpackedFile[]>;

/**
 * The files in archives, or the files themselves.
 *
 * @param known files that were unpacked before
 * @param giveWay is awaited between pieces of long work; it may throw to stop
 */
export async function unpackFiles(
  given: readonly FileReader[],
  giveWay: () => Promise<unknown>,
  known: Unpacking = new Map(),
): Promise<Unpacking> {
  const all = new Map<FileReader, readonly UnpackedFile[]>();
  for (const file of given) all.set(file, known.get(file) ?? (await filesIn(file, giveWay)));
  return all;
}

/**
 * The files of examples, those in archives included, with their options and the changes of their records. A later file
 * of edits takes precedence.
 */
export async function sourcesOf(
  given: readonly FileReader[],
  unpacking: Unpacking,
  settings: Pick<DataSettings, 'sources'>,
): Promise<readonly GivenSource[]> {
  const found = given.flatMap((file, index) =>
    (unpacking.get(file) ?? []).map((each) => ({ ...each, given: index })),
  );
  const edits = await Promise.all(found.map(({ file }) => editsIn(file)));
  const all: Edits = {
    records: edits.flatMap((each) => (each && 'records' in each ? each.records : [])),
    added: [],
  };
  return found.map(({ file, given: from, fault }, index) => {
    const own = fault ?? edits[index];
    return {
      file,
      given: from,
      options: optionsOf(settings, file.name),
      edits: editsOf(all, file.name),
      ...(own && { added: 'records' in own ? own.added : own }),
    };
  });
}

/** The files in an archive, or the file itself; with the reason why a file can't be read. */
async function filesIn(file: FileReader, giveWay: () => Promise<unknown>): Promise<readonly UnpackedFile[]> {
  try {
    const { files, others } = await unpacked(file, giveWay);
    if (others.length === 0) return files.map((each) => ({ file: each }));
    const reason = message('archive_others', { names: others.slice(0, LISTED), count: others.length });
    const fault = new DataFault({ code: 'archive', reason });
    return [
      ...files.map((each) => ({ file: each })),
      { file: memoryFile(file.name, new Uint8Array()), fault },
    ];
  } catch (fault) {
    if (!(fault instanceof DataFault)) throw fault;
    return [{ file, fault }];
  }
}

/** Whether a file has changes of the records of others. */
export async function areEdits(file: FileReader): Promise<boolean> {
  return isEdits(new TextDecoder().decode(await file.read(0, Math.min(HEAD, file.size))));
}

/** The edits in a file, or the reason why they can't be read; undefined for a file of examples. */
async function editsIn(file: FileReader): Promise<Edits | DataFault | undefined> {
  if (!(await areEdits(file))) return undefined;
  return await readEdits(file).catch((error: unknown) => {
    if (error instanceof DataFault) return error;
    throw error;
  });
}
