import { isRecord } from '../../core/json';
import { message, type Message } from '../../core/messages/message';
import { inEnglish } from '../../core/messages/english';

/** A part of `tokenizer.json`: an object with a `type`. */
export type Component = Readonly<Record<string, unknown>>;

/** Why a part of `tokenizer.json` can't be used. */
export class UnusableComponent extends Error {
  readonly reason: Message;

  constructor(reason: Message, options?: ErrorOptions) {
    super(inEnglish(reason), options);
    this.reason = reason;
  }
}

const MOST_DEPTH = 32;
const MOST_PARTS = 1000;

/**
 * Checks that a component has neither deeper nesting nor more parts than any published tokenizer.
 *
 * @param what names the place, such as `decoder`
 */
export function checkParts(value: unknown, what: string): void {
  let level: unknown[] = [value];
  let parts = 0;
  for (let depth = 0; level.length > 0; depth++) {
    const inner = level.flatMap((part): unknown[] =>
      isRecord(part) ? Object.values(part).filter(Array.isArray).flat() : [],
    );
    parts += level.length;
    if (depth > MOST_DEPTH || parts > MOST_PARTS)
      throw new UnusableComponent(message('tokenizer_deep', { part: what }));
    level = inner.filter(isRecord);
  }
}

/** @param what names the place, such as `decoder`; null and absent are undefined. */
export function component(value: unknown, what: string): Component | undefined {
  if (value === null || value === undefined) return undefined;
  if (!isRecord(value)) throw new UnusableComponent(message('tokenizer_part_object', { part: what }));
  return value;
}

export function components(value: unknown, what: string): readonly Component[] {
  if (!Array.isArray(value)) throw new UnusableComponent(message('tokenizer_part_list', { part: what }));
  return value.map((part) => {
    const read = component(part, what);
    if (!read) throw new UnusableComponent(message('tokenizer_part_empty', { part: what }));
    return read;
  });
}

export function text(from: Component, field: string, otherwise?: string): string {
  const value = from[field] ?? otherwise;
  if (typeof value !== 'string') throw wrongValue(from, field, 'text');
  return value;
}

export function flag(from: Component, field: string, otherwise: boolean): boolean {
  const value = from[field] ?? otherwise;
  if (typeof value !== 'boolean') throw wrongValue(from, field, 'boolean');
  return value;
}

export function count(from: Component, field: string): number {
  const value = from[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw wrongValue(from, field, 'number');
  }
  return value;
}

function wrongValue(from: Component, field: string, kind: 'text' | 'boolean' | 'number'): UnusableComponent {
  return new UnusableComponent(message('tokenizer_value', { field, type: typeOf(from), kind }));
}

export function typeOf(part: Component): string {
  return typeof part.type === 'string' ? part.type : JSON.stringify(part.type ?? null);
}

export function unknownType(part: Component, what: string): UnusableComponent {
  return new UnusableComponent(message('tokenizer_part_unknown', { part: what, type: typeOf(part) }));
}

/** Upper limit of ids, far beyond any vocabulary: a higher number is a fault, and would cost memory. */
const MOST_TOKENS = 2 ** 24;

export function isTokenId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < MOST_TOKENS;
}
