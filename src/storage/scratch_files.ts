import type { Scratch } from '../data/byte_log';
import type { FileStore } from './file_store';
import type { Locks } from './locks';
import { TabFolder } from './tab_folder';

/** Opens empty scratch files in a tab's own folder. Each is removed when it is closed. */
export function scratchFiles(
  store: () => Promise<FileStore>,
  locks: Locks | undefined,
): () => Promise<Scratch> {
  const folder = new TabFolder('scratch', store, locks);
  return async () => {
    const files = await folder.open();
    return await openScratch(files, `${folder.path}/${crypto.randomUUID()}`);
  };
}

/** Creates an empty file that is removed when it is closed. */
export async function openScratch(files: FileStore, path: string): Promise<Scratch> {
  const writer = await files.openWriter(path);
  return {
    read: (begin, end) => writer.read(begin, end),
    write: (at, bytes) => writer.write(at, bytes),
    close: async () => {
      await writer.close();
      await files.remove(path);
    },
  };
}
