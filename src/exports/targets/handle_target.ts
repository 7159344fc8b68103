import { TunesmithError } from '../../core/errors';
import { blobReader } from '../../core/file_reader';
import { isQuotaError, storageFull } from '../../storage/file_store';
import type { ExportFile } from '../format';
import type { ExportTarget } from './target';

/** A method that TypeScript's library and some browsers lack. */
interface ChosenFile extends FileSystemFileHandle {
  remove?(): Promise<void>;
}

/**
 * A single file that the person has chosen. The browser writes to a temporary file and replaces the chosen one when it
 * is closed; only then can it be read back. A failure or a stop before that leaves the file unchanged; if it is empty,
 * the browser created it for this export, and it is removed. After a later failure the file is removed, or emptied if
 * the browser can't remove it.
 */
export function handleTarget(handle: FileSystemFileHandle): ExportTarget {
  const chosen: ChosenFile = handle;
  let name = handle.name;
  let isReplaced = false;
  const write = async (file: ExportFile): Promise<void> => {
    name = file.name;
    const stream = await handle.createWritable();
    try {
      for await (const part of file.parts()) await stream.write(part as Uint8Array<ArrayBuffer>);
      await stream.close();
      isReplaced = true;
    } catch (error) {
      await stream.abort().catch(() => undefined);
      throw error;
    }
  };
  return {
    isNamedEarly: true,
    async write(files) {
      for (const file of files) {
        try {
          await write(file);
        } catch (error) {
          if (isQuotaError(error)) throw storageFull(file.name, file.size, undefined, error);
          if (isUnwritable(error)) {
            throw new TunesmithError({
              code: 'file_not_written',
              values: { path: handle.name },
              cause: error,
            });
          }
          throw error;
        }
      }
    },
    written: async () => new Map([[name, blobReader(name, await handle.getFile())]]),
    commit: () => Promise.resolve(),
    async discard() {
      if (!isReplaced && (await handle.getFile()).size > 0) return;
      if (chosen.remove) await chosen.remove();
      else if (isReplaced) await (await handle.createWritable()).close();
    },
  };
}

/**
 * Names of the errors of a file that can't be written (File System, WHATWG): no permission, write-protected, locked by
 * another writer, or removed.
 */
const UNWRITABLE = ['NotAllowedError', 'NoModificationAllowedError', 'InvalidStateError', 'NotFoundError'];

function isUnwritable(error: unknown): boolean {
  return error instanceof DOMException && UNWRITABLE.includes(error.name);
}
