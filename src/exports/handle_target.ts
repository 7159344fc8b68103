import { blobReader } from '../core/file_reader';
import type { ExportTarget } from './target';

/** What TypeScript's library lacks of a file that a person has chosen. */
interface ChosenFile extends FileSystemFileHandle {
  remove?(): Promise<void>;
}

/**
 * One file that a person has chosen to save to. The browser writes beside it and puts all in its place when the file is
 * closed; it can only be read back then, so one that is discarded later is removed, or emptied if the browser can't.
 */
export function handleTarget(handle: FileSystemFileHandle): ExportTarget {
  const file = handle as ChosenFile;
  let open: FileSystemWritableFileStream | undefined;
  let name = handle.name;
  return {
    async open(wanted) {
      name = wanted;
      const stream = await handle.createWritable();
      open = stream;
      return {
        write: (bytes) => stream.write(bytes as Uint8Array<ArrayBuffer>),
        async close() {
          if (open !== stream) return;
          open = undefined;
          await stream.close();
        },
      };
    },
    written: async () => new Map([[name, blobReader(name, await handle.getFile())]]),
    commit: () => Promise.resolve(),
    async discard() {
      await open?.abort();
      open = undefined;
      if (file.remove) await file.remove();
      else await (await handle.createWritable()).close();
    },
  };
}
