import type { JsonValue } from '../core/json';

/** Plain data as JSON has it: what is undefined is left out. */
export function jsonOf(value: object): { readonly [key: string]: JsonValue } {
  return JSON.parse(JSON.stringify(value)) as { readonly [key: string]: JsonValue };
}
