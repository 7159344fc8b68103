import { folderTarget } from '../../exports/folder_target';
import { memoryTarget } from '../../exports/memory_target';
import type { ExportTarget } from '../../exports/target';
import type { FileStore } from '../../storage/file_store';
import { heldExports, holdExports, type Locks } from '../../storage/locks';

/** Where an export goes, and how its one file is handed out then. */
export interface ExportPlace {
  readonly target: ExportTarget;
  /** Undefined if there is nothing to download. */
  blob(fileName: string): Promise<Blob | undefined>;
}

const ROOT = 'exports';

/**
 * A tab's own folder within the browser's files: it has what the tab exported last, until that is downloaded. Memory
 * stands in for it if the browser has no files.
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

  /** The folder, emptied. */
  async empty(): Promise<ExportPlace> {
    const store = await this.#store();
    if (store.passing) {
      const memory = memoryTarget();
      return { target: memory, blob: (name) => Promise.resolve(memory.files.get(name)) };
    }
    await this.removeLeftovers();
    this.#held ??= holdExports(this.#locks, this.#id);
    await this.#held;
    const folder = `${ROOT}/${this.#id}`;
    await store.remove(folder);
    return { target: folderTarget(store, folder), blob: (name) => store.open(`${folder}/${name}`) };
  }

  /** Removes the folders of tabs that are gone. */
  async removeLeftovers(): Promise<void> {
    const store = await this.#store();
    // In this order: a folder that is listed was held before it was made.
    const ids = new Set((await store.list(ROOT)).map((path) => path.split('/')[1]!));
    const held = await heldExports(this.#locks);
    // What can't be removed now is tried again the next time.
    for (const id of ids) {
      if (id !== this.#id && !held.has(id)) await store.remove(`${ROOT}/${id}`).catch(() => undefined);
    }
  }
}
