import type { JsonValue } from '../../core/json';

/** A JSON value as a literal of Python. */
export function pythonValue(value: JsonValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  // Python reads 1e-7 and 0.0002 as JavaScript writes them; all settings are finite.
  if (typeof value === 'number') return String(value);
  // Python reads all escapes of JSON, and characters beyond them as they are.
  if (typeof value === 'string') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(pythonValue).join(', ')}]`;
  const entries = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${pythonValue(each)}`);
  return `{${entries.join(', ')}}`;
}

/** Arguments by name, one a line. */
export function pythonArguments(values: Readonly<Record<string, JsonValue>>, indent: string): string {
  return Object.entries(values)
    .map(([name, value]) => `${indent}${name}=${pythonValue(value)},\n`)
    .join('');
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
