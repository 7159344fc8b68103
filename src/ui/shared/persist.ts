import { safeParse, type GenericSchema, type InferOutput } from 'valibot';

const prefix = 'tunesmith.';

/** Reads a small value stored across reloads; undefined if there is none that fits the schema. */
export function readKept<S extends GenericSchema>(key: string, schema: S): InferOutput<S> | undefined {
  return readFrom(() => localStorage, key, schema);
}

/** Stores a small value across reloads, if the browser allows it; undefined removes it. */
export function keep(key: string, value: unknown): void {
  keepIn(() => localStorage, key, value);
}

/**
 * Like `readKept`, for a value that each tab has for itself: another tab's later one does not change it. A new tab begins
 * with the one that was stored last.
 */
export function readHere<S extends GenericSchema>(
  key: string,
  schema: S,
  fallback: InferOutput<S>,
): InferOutput<S> {
  const here = readFrom(() => sessionStorage, key, schema);
  if (here !== undefined) return here;
  const value = readKept(key, schema) ?? fallback;
  keepIn(() => sessionStorage, key, value);
  return value;
}

/** Stores a value for `readHere`. */
export function keepHere(key: string, value: unknown): void {
  keepIn(() => sessionStorage, key, value);
  keep(key, value);
}

/** Reads a value that this tab alone stored; undefined if there is none that fits the schema. */
export function readInTab<S extends GenericSchema>(key: string, schema: S): InferOutput<S> | undefined {
  return readFrom(() => sessionStorage, key, schema);
}

/** Stores a value for this tab alone; undefined removes it. */
export function keepInTab(key: string, value: unknown): void {
  keepIn(() => sessionStorage, key, value);
}

function readFrom<S extends GenericSchema>(
  storage: () => Storage,
  key: string,
  schema: S,
): InferOutput<S> | undefined {
  try {
    const text = storage().getItem(prefix + key);
    if (text === null) return undefined;
    const result = safeParse(schema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    // Storage may be forbidden or hold foreign text; the page then starts with its defaults.
    return undefined;
  }
}

function keepIn(storage: () => Storage, key: string, value: unknown): void {
  try {
    if (value === undefined) storage().removeItem(prefix + key);
    else storage().setItem(prefix + key, JSON.stringify(value));
  } catch {
    // Without storage the page still works; it only forgets on a reload.
  }
}
