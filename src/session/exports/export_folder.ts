import { folderTarget } from '../../exports/targets/folder_target';
import { memoryTarget } from '../../exports/targets/memory_target';
import type { ExportTarget } from '../../exports/targets/target';
import type { FileStore } from '../../storage/file_store';
import type { Locks } from '../../storage/locks';
import { TabFolder } from '../../storage/tab_folder';

/** The destination of an export, and the way to get its file. */
export interface ExportPlace {
  readonly target: ExportTarget;
  /** Whether memory holds the files, so that they should be let go soon. */
  readonly inMemory: boolean;
  /** The file; undefined if there is nothing to download. */
  blob(fileName: string): Promise<Blob | undefined>;
}

/**
 * A tab's own folder in the browser's file storage. It holds the tab's last export until it is downloaded. If the
 * browser has no file storage, memory replaces the folder.
 */
export class ExportFolder {
  readonly #store: () => Promise<FileStore>;
  readonly #folder: TabFolder;

  constructor(store: () => Promise<FileStore>, locks: Locks | undefined) {
    this.#store = store;
    this.#folder = new TabFolder('exports', store, locks);
  }

  /** Empties the folder and returns it. */
  async empty(): Promise<ExportPlace> {
    if ((await this.#store()).passing) {
      const memory = memoryTarget();
      const blob = (name: string) => Promise.resolve(memory.files.get(name));
      return { target: memory, inMemory: true, blob };
    }
    const store = await this.#folder.open();
    const { path } = this.#folder;
    await store.remove(path);
    const blob = (name: string) => store.open(`${path}/${name}`);
    return { target: folderTarget(store, path), inMemory: false, blob };
  }

  /** Removes the folders of closed tabs. */
  async removeLeftovers(): Promise<void> {
    await this.#folder.removeLeftovers();
  }
}
