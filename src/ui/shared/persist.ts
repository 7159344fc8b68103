import { get, set } from 'idb-keyval';
import { safeParse, type GenericSchema, type InferOutput } from 'valibot';

const prefix = 'tunesmith.';

/** Reads a small value stored across reloads; undefined if there is none that fits the schema. */
export function readKept<S extends GenericSchema>(key: string, schema: S): InferOutput<S> | undefined {
  try {
    const text = localStorage.getItem(prefix + key);
    if (text === null) return undefined;
    const result = safeParse(schema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    // Storage may be forbidden or hold foreign text; the page then starts with its defaults.
    return undefined;
  }
}

/** Stores a small value across reloads, if the browser allows it; undefined removes it. */
export function keep(key: string, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(prefix + key);
    else localStorage.setItem(prefix + key, JSON.stringify(value));
  } catch {
    // Without storage the page still works; it only forgets on a reload.
  }
}

/** Like `readKept`, for values of any size (IndexedDB). */
export async function readKeptLarge<S extends GenericSchema>(
  key: string,
  schema: S,
): Promise<InferOutput<S> | undefined> {
  try {
    const result = safeParse(schema, await get(prefix + key));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

/** Like `keep`, for values of any size (IndexedDB). */
export async function keepLarge(key: string, value: unknown): Promise<void> {
  try {
    await set(prefix + key, value);
  } catch {
    // As in `keep`.
  }
}
