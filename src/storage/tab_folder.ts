import type { FileStore } from './file_store';
import { heldFolders, holdFolder, type Locks } from './locks';

/** A tab's own folder in the browser's file storage, below a common one. The next tab removes it after this one. */
export class TabFolder {
  readonly path: string;
  readonly #root: string;
  readonly #store: () => Promise<FileStore>;
  readonly #locks: Locks | undefined;
  readonly #id = crypto.randomUUID();
  #held: Promise<void> | undefined;

  /** @param locks undefined if there are no other tabs */
  constructor(root: string, store: () => Promise<FileStore>, locks: Locks | undefined) {
    this.#root = root;
    this.#store = store;
    this.#locks = locks;
    this.path = `${root}/${this.#id}`;
  }

  /** Removes the folders of closed tabs, and marks this one as in use until the tab is closed. */
  async open(): Promise<FileStore> {
    await this.removeLeftovers();
    this.#held ??= holdFolder(this.#locks, this.#root, this.#id);
    await this.#held;
    return await this.#store();
  }

  /** Removes the folders of closed tabs. */
  async removeLeftovers(): Promise<void> {
    const store = await this.#store();
    // List before reading the locks: a tab takes the lock before it creates its folder.
    const ids = new Set((await store.list(this.#root)).map((path) => path.split('/')[1]!));
    const held = await heldFolders(this.#locks, this.#root);
    // The next call tries again if this fails.
    for (const id of ids) {
      if (id !== this.#id && !held.has(id)) await store.remove(`${this.#root}/${id}`).catch(() => undefined);
    }
  }
}
