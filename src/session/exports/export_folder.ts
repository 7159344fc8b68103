import { folderTarget } from '../../exports/targets/folder_target';
import { memoryTarget } from '../../exports/targets/memory_target';
import type { ExportTarget } from '../../exports/targets/target';
import type { FileStore } from '../../storage/file_store';
import { heldExports, holdExports, type Locks } from '../../storage/locks';

/** The destination of an export, and the way to get its file. */
export interface ExportPlace {
  readonly target: ExportTarget;
  /** Whether memory holds the files, so that they should be let go soon. */
  readonly inMemory: boolean;
  /** The file; undefined if there is nothing to download. */
  blob(fileName: string): Promise<Blob | undefined>;
}

const ROOT = 'exports';

/**
 * A tab's own folder in the browser's file storage. It holds the tab's last export until it is downloaded. If the
 * browser has no file storage, memory replaces the folder.
 */
export class ExportFolder {
  readonly #store: () => Promise<FileStore>;
  readonly #locks: Locks | undefined;
  readonly #id = crypto.randomUUID();
  #held: Promise<void> | undefined;

  constructor(store: () => Promise<FileStore>, locks: Locks | undefined) {
    this.#store = store;
    this.#locks = locks;
  }

  /** Empties the folder and returns it. */
  async empty(): Promise<ExportPlace> {
    const store = await this.#store();
    if (store.passing) {
      const memory = memoryTarget();
      const blob = (name: string) => Promise.resolve(memory.files.get(name));
      return { target: memory, inMemory: true, blob };
    }
    await this.removeLeftovers();
    this.#held ??= holdExports(this.#locks, this.#id);
    await this.#held;
    const folder = `${ROOT}/${this.#id}`;
    await store.remove(folder);
    const blob = (name: string) => store.open(`${folder}/${name}`);
    return { target: folderTarget(store, folder), inMemory: false, blob };
  }

  /** Removes the folders of closed tabs. */
  async removeLeftovers(): Promise<void> {
    const store = await this.#store();
    // List before reading the locks: a tab takes the lock before it creates its folder.
    const ids = new Set((await store.list(ROOT)).map((path) => path.split('/')[1]!));
    const held = await heldExports(this.#locks);
    // The next call tries again if this fails.
    for (const id of ids) {
      if (id !== this.#id && !held.has(id)) await store.remove(`${ROOT}/${id}`).catch(() => undefined);
    }
  }
}
