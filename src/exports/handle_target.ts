import { blobReader } from '../core/file_reader';
import { isQuotaError, storageFull } from '../storage/file_store';
import type { ExportFile } from './format';
import type { ExportTarget } from './target';

/** TypeScript's library lacks this of a file that a person has chosen; some browsers do, too. */
interface ChosenFile extends FileSystemFileHandle {
  remove?(): Promise<void>;
}

/**
 * One file that a person has chosen to save to. The browser writes beside it and puts all in its place when the file is
 * closed; only then can it be read back. What fails or is stopped before that leaves the file as it was; if it is
 * empty, the browser made it for this, and it is removed. What fails later is removed, or emptied if the browser can't.
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
    async write(files) {
      for (const file of files) {
        try {
          await write(file);
        } catch (error) {
          if (isQuotaError(error)) throw storageFull(file.name, file.size, undefined, error);
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
