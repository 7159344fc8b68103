import { get, set } from 'idb-keyval';
import { safeParse, type GenericSchema, type InferOutput } from 'valibot';

const prefix = 'tunesmith.';

/** A small value kept across reloads; undefined if there is none, or none that fits the schema. */
export function readKept<S extends GenericSchema>(key: string, schema: S): InferOutput<S> | undefined {
  try {
    const text = localStorage.getItem(prefix + key);
    if (text === null) return undefined;
    const result = safeParse(schema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    // Storage may be forbidden or hold something else's text: then the page starts with its defaults.
    return undefined;
  }
}

/** Keeps a small value across reloads, where the browser allows it; undefined: keeps none any more. */
export function keep(key: string, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(prefix + key);
    else localStorage.setItem(prefix + key, JSON.stringify(value));
  } catch {
    // Forbidden or full storage costs the convenience, never the work.
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
