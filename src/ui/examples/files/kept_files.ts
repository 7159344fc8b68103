/**
 * The visitor's own examples across reloads. A tab finds its own again, whatever another tab has chosen since; a new tab
 * begins with those that were chosen last.
 */
import { del, delMany, entries, get, set } from 'idb-keyval';
import { array, boolean, instance, number, object, optional, safeParse, string } from 'valibot';
import type { ExampleFile } from '../../../worker/protocol';
import { keepHere, readHere, readKept } from '../../shared/persist';
import { EDITS_FILE } from '../rows/edits';

/** The key of the choice, and the beginning of the keys of the files. */
const storageKey = 'examples';
const filesKey = (id: string): string => `tunesmith.${storageKey}.${id}`;

/**
 * Whether own examples are chosen, which files, and which file of edits; without an id they were too large to store.
 */
const choiceSchema = object({ own: boolean(), id: optional(string()), edits: optional(string()) });
/**
 * Files that were chosen together, and when, in milliseconds. They are never changed: another choice is stored anew. The
 * file of edits is an entry of its own, so that an edit does not store large files again.
 */
const listSchema = array(object({ name: string(), content: instance(Blob) }));
const filesSchema = object({ at: number(), files: listSchema });
/** Where an older version of the page stored the files of all tabs. */
const olderKey = `tunesmith.${storageKey}`;

/** Twice as many entries as choices, and more choices than tabs that are open at once; older entries are removed. */
const MOST_ENTRIES = 40;
const MOST_BYTES = 600_000_000;

export class KeptFiles {
  /** The stored files without the edits, and their id. */
  #stored: { readonly files: readonly ExampleFile[]; readonly id: string } | undefined;
  /** The id of this page's edits. Another tab may have begun with those of former pages. */
  #edits: string | undefined;
  /** Number of the newest choice: older ones that are still being stored don't count. */
  #turn = 0;

  /** This tab's own files, and whether some are missing: too large, or removed; undefined if it had chosen none. */
  async read(): Promise<
    { readonly files: readonly ExampleFile[]; readonly areMissing: boolean } | undefined
  > {
    await this.#takeOlder();
    const { own, id, edits } = readHere(storageKey, choiceSchema, { own: false });
    if (!own) return undefined;
    const files = await storedFiles(id);
    if (files && id !== undefined) this.#stored = { files, id };
    const changes = (await storedFiles(edits)) ?? [];
    return { files: [...(files ?? []), ...changes], areMissing: !files };
  }

  /** Takes over the files that an older version has stored, unless this one has stored some since. */
  async #takeOlder(): Promise<void> {
    if (readKept(storageKey, choiceSchema)) return;
    const older = safeParse(listSchema, await get<unknown>(olderKey).catch(() => undefined));
    if (!older.success || older.output.length === 0) return;
    await this.keep(older.output);
    await del(olderKey).catch(() => undefined);
  }

  /**
   * @param files the chosen ones; undefined if the visitor has no own ones
   * @param areTooLarge whether the files are too large to store, so that only their edits are stored
   */
  async keep(files: readonly ExampleFile[] | undefined, areTooLarge = false): Promise<void> {
    const turn = ++this.#turn;
    if (!files) {
      keepHere(storageKey, { own: false });
      return;
    }
    const chosen = files.filter(({ name }) => name !== EDITS_FILE);
    const changes = files.filter(({ name }) => name === EDITS_FILE);
    const known = this.#stored;
    if (areTooLarge) this.#stored = undefined;
    else if (!known || !areSame(known.files, chosen))
      this.#stored = { files: chosen, id: crypto.randomUUID() };
    const { id } = this.#stored ?? {};
    const edits = changes.length > 0 ? (this.#edits ??= crypto.randomUUID()) : undefined;
    keepHere(storageKey, { own: true, id, edits });
    const isNew = id !== undefined && id !== known?.id;
    const isStored = !isNew || (await store(id, chosen));
    if (edits !== undefined) await store(edits, changes);
    await removeOldest([id, edits].filter((each) => each !== undefined).map(filesKey)).catch(() => undefined);
    if (isStored || turn !== this.#turn) return;
    this.#stored = undefined;
    keepHere(storageKey, { own: true, edits });
  }
}

/** Stores an entry. Returns whether that went: without storage the page still works, and only forgets on a reload. */
async function store(id: string, files: readonly ExampleFile[]): Promise<boolean> {
  try {
    await set(filesKey(id), { at: Date.now(), files });
    return true;
  } catch {
    return false;
  }
}

function areSame(a: readonly ExampleFile[], b: readonly ExampleFile[]): boolean {
  return a.length === b.length && a.every((file, index) => file === b[index]);
}

/** The files of an entry; undefined if there is none. */
async function storedFiles(id: string | undefined): Promise<readonly ExampleFile[] | undefined> {
  if (id === undefined) return undefined;
  const kept = safeParse(filesSchema, await get<unknown>(filesKey(id)).catch(() => undefined));
  return kept.success ? kept.output.files : undefined;
}

/** Removes the oldest entries beyond the limits. @param used keys of entries that stay */
async function removeOldest(used: readonly string[]): Promise<void> {
  const kept = await entries<string, unknown>();
  const choices = kept
    .filter(([key]) => key.startsWith(`tunesmith.${storageKey}`) && !used.includes(key))
    .map(([key, value]) => ({ key, ...sizeOf(value) }))
    .sort((a, b) => b.at - a.at);
  let bytes = 0;
  const old = choices.filter(
    ({ size }, index) => (bytes += size) > MOST_BYTES || index >= MOST_ENTRIES - used.length,
  );
  if (old.length > 0) await delMany(old.map(({ key }) => key));
}

/** The time and the bytes of stored files; those of an older version of the page count as the oldest. */
function sizeOf(value: unknown): { readonly at: number; readonly size: number } {
  const kept = safeParse(filesSchema, value);
  if (!kept.success) return { at: 0, size: Infinity };
  const { at, files } = kept.output;
  return { at, size: files.reduce((sum, { content }) => sum + content.size, 0) };
}
