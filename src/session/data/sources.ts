import type { FileReader } from '../../core/file_reader';
import type { DataSettings } from '../../core/settings/settings';
import { editsOf, isEdits, readEdits, type Edits } from '../../data/edits';
import { DataFault } from '../../data/files/fault';
import { optionsOf } from './assembling';
import type { DataSource } from './reading';

/** Bytes at the beginning of a file by which edits are known. */
const HEAD = 64;

/** The files of examples with their options and the changes of their records. A later file of edits takes precedence. */
export async function sourcesOf(
  files: readonly FileReader[],
  settings: Pick<DataSettings, 'sources'>,
): Promise<readonly DataSource[]> {
  const edits = await Promise.all(files.map(editsIn));
  const all: Edits = {
    records: edits.flatMap((each) => (each && 'records' in each ? each.records : [])),
    added: [],
  };
  return files.map((file, index) => {
    const own = edits[index];
    return {
      file,
      options: optionsOf(settings, file.name),
      edits: editsOf(all, file.name),
      ...(own && { added: 'records' in own ? own.added : own }),
    };
  });
}

/** The edits in a file, or the reason why they can't be read; undefined for a file of examples. */
async function editsIn(file: FileReader): Promise<Edits | DataFault | undefined> {
  const head = await file.read(0, Math.min(HEAD, file.size));
  if (!isEdits(new TextDecoder().decode(head))) return undefined;
  return await readEdits(file).catch((error: unknown) => {
    if (error instanceof DataFault) return error;
    throw error;
  });
}
