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

  /** This tab's own files: none if they are too large or have been removed; undefined if it had chosen none. */
  async read(): Promise<readonly ExampleFile[] | undefined> {
    await this.#takeOlder();
    const { own, id, edits } = readHere(storageKey, choiceSchema, { own: false });
    if (!own) return undefined;
    const files = await storedFiles(id);
    if (!files || id === undefined) return [];
    this.#stored = { files, id };
    return [...files, ...((await storedFiles(edits)) ?? [])];
  }

  /** Takes over the files that an older version has stored, unless this one has stored some since. */
  async #takeOlder(): Promise<void> {
    if (readKept(storageKey, choiceSchema)) return;
    const older = safeParse(listSchema, await get<unknown>(olderKey).catch(() => undefined));
    if (!older.success || older.output.length === 0) return;
    await this.keep(older.output);
    await del(olderKey).catch(() => undefined);
  }

  /** @param files the chosen ones, empty if they are too large to store; undefined if the visitor has no own ones */
  async keep(files: readonly ExampleFile[] | undefined): Promise<void> {
    if (!files || files.length === 0) {
      keepHere(storageKey, { own: files !== undefined });
      return;
    }
    const chosen = files.filter(({ name }) => name !== EDITS_FILE);
    const edits = files.filter(({ name }) => name === EDITS_FILE);
    const stored = this.#stored;
    const isStored =
      stored?.files.length === chosen.length && chosen.every((file, i) => file === stored.files[i]);
    const { id } = (this.#stored = isStored ? stored : { files: chosen, id: crypto.randomUUID() });
    if (edits.length > 0) this.#edits ??= crypto.randomUUID();
    const editsId = edits.length > 0 ? this.#edits : undefined;
    keepHere(storageKey, { own: true, id, edits: editsId });
    try {
      if (!isStored) await set(filesKey(id), { at: Date.now(), files: chosen });
      if (editsId !== undefined) await set(filesKey(editsId), { at: Date.now(), files: edits });
      await removeOldest([id, ...(editsId === undefined ? [] : [editsId])].map(filesKey));
    } catch {
      // Without storage the page still works; it only forgets on a reload.
    }
  }
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
