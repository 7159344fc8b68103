import { message } from '../../core/messages/message';
import { JinjaError } from './errors';
import { takeSteps, takeUnits, within } from './steps';
import { floatText, integerText } from './text_of';
import { compare, Float, iterated, Tuple, typeName, Undefined, type Value, Markup } from './values';

export interface JsonOptions {
  readonly ensureAscii?: boolean;
  /** Indentation of each level; if absent, all is on one line. */
  readonly indent?: string;
  readonly itemSeparator?: string;
  readonly keySeparator?: string;
  readonly sortKeys?: boolean;
}

/** Python's `json.dumps`. */
export function jsonOf(value: Value, options: JsonOptions = {}, depth = 0): string {
  takeSteps();
  const { indent, sortKeys = false, ensureAscii = false, keySeparator = ': ' } = options;
  const separator = options.itemSeparator ?? (indent === undefined ? ', ' : ',');
  const text = (content: string): string => {
    takeUnits(content.length);
    const quoted = JSON.stringify(content);
    if (!ensureAscii) return quoted;
    return quoted.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  };
  const enclosed = (open: string, parts: readonly string[], close: string): string => {
    if (parts.length === 0) return open + close;
    takeUnits(parts.reduce((sum, part) => sum + part.length, 0));
    if (indent === undefined) return open + parts.join(separator) + close;
    takeUnits(indent.length * (depth + 1) * parts.length);
    const inner = `\n${indent.repeat(depth + 1)}`;
    return `${open}${inner}${parts.join(separator + inner)}\n${indent.repeat(depth)}${close}`;
  };
  if (value === null) return 'null';
  if (typeof value === 'string') return text(value);
  if (value instanceof Markup) return text(value.text);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number' || typeof value === 'bigint') return integerText(value);
  if (value instanceof Float) {
    if (Number.isNaN(value.value)) return 'NaN';
    return Number.isFinite(value.value) ? floatText(value.value) : value.value > 0 ? 'Infinity' : '-Infinity';
  }
  if (Array.isArray(value) || value instanceof Tuple) {
    return enclosed(
      '[',
      iterated(value).map((item) => within(() => jsonOf(item, options, depth + 1))),
      ']',
    );
  }
  if (value instanceof Map) {
    const entries = [...value];
    if (sortKeys) entries.sort(([a], [b]) => compare(a, b));
    const parts = entries.map(([key, item]) => {
      const name = typeof key === 'string' ? key : jsonOf(key, options);
      return `${text(name)}${keySeparator}${within(() => jsonOf(item, options, depth + 1))}`;
    });
    return enclosed('{', parts, '}');
  }
  throw value instanceof Undefined
    ? value.error()
    : new JinjaError(message('jinja_not_written', { type: typeName(value), form: 'JSON' }));
}
