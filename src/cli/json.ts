import type { JsonValue } from '../core/json';
import { inEnglish } from '../core/messages/english';
import type { Told } from '../core/messages/message';

/** Converts plain data to JSON values; leaves out undefined fields. */
export function jsonOf(value: object): { readonly [key: string]: JsonValue } {
  return JSON.parse(JSON.stringify(value)) as { readonly [key: string]: JsonValue };
}

/** A message for programs: its code and values, and its English sentence whatever the terminal's language. */
export function messageJson(told: Told): JsonValue {
  if (typeof told === 'string') return { message: told };
  return jsonOf({ ...told, message: inEnglish(told) });
}
