import type { ParquetParsers, SchemaTree } from 'hyparquet';
import { Float, JsonFault, parseLosslessJson, type LosslessJson } from '../../core/lossless_json';
import { message } from '../../core/messages/message';
import type { Fault } from './fault';

/** Thrown for a value that has no exact form in a record. */
export class Unreadable extends Error {
  readonly fault: Fault;

  constructor(code: 'parquet_bytes' | 'parquet_decimal', column: string) {
    super(code);
    this.name = 'Unreadable';
    this.fault = { code, reason: message(code, { column }) };
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of bytes, or the bytes if they are not a text. */
function textOfBytes(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return bytes;
  }
}

/** Days and moments become text in the form of ISO 8601, to the last digit. */
export const PARSERS: Partial<ParquetParsers> = {
  dateFromDays: (days) => new Date(days * 86_400_000).toISOString().slice(0, 10),
  timestampFromMilliseconds: (millis) => momentOf(millis, 3),
  timestampFromMicroseconds: (micros) => momentOf(micros, 6),
  timestampFromNanoseconds: (nanos) => momentOf(nanos, 9),
  stringFromBytes: textOfBytes,
  jsonFromBytes: (bytes) => {
    const text = textOfBytes(bytes);
    if (typeof text !== 'string') return text;
    try {
      return new Json(parseLosslessJson(text));
    } catch (error) {
      if (error instanceof JsonFault) return text;
      throw error;
    }
  },
};

/** A value that was parsed already. */
class Json {
  readonly value: LosslessJson;

  constructor(value: LosslessJson) {
    this.value = value;
  }
}

/** @param digits of the fraction of a second that `count` counts */
function momentOf(count: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const fraction = ((count % unit) + unit) % unit;
  const seconds = new Date(Number((count - fraction) / unit) * 1000).toISOString().slice(0, 19);
  return fraction === 0n ? seconds : `${seconds}.${fraction.toString().padStart(digits, '0')}`;
}

/**
 * A row of a Parquet file as a record: integers of any size stay exact, and fractions stay apart from them.
 *
 * @throws Unreadable for bytes that are not a text, and for decimal numbers of more digits than a double has
 */
export function parquetRecord(
  row: Readonly<Record<string, unknown>>,
  columns: readonly SchemaTree[],
): LosslessJson {
  return Object.fromEntries(
    columns.map((column) => [column.element.name, valueOf(row[column.element.name], column)]),
  );
}

function valueOf(value: unknown, tree: SchemaTree): LosslessJson {
  if (value === null || value === undefined) return null;
  const { element, children } = tree;
  const kind = element.converted_type ?? element.logical_type?.type;
  const [inner] = children;
  if (Array.isArray(value)) {
    // A list is a group within a group in all but old files.
    const nested = kind === 'LIST' && inner?.children.length === 1 ? inner.children[0] : inner;
    const item = kind === 'LIST' ? (nested ?? tree) : tree;
    return value.map((each: unknown) => valueOf(each, item));
  }
  if (!inner) return leafOf(value, element);
  const fields = value as Readonly<Record<string, unknown>>;
  if (kind === 'MAP' || kind === 'MAP_KEY_VALUE') {
    const [, values = tree] = inner.children;
    return Object.fromEntries(Object.entries(fields).map(([key, each]) => [key, valueOf(each, values)]));
  }
  return parquetRecord(fields, children);
}

function leafOf(value: unknown, element: SchemaTree['element']): LosslessJson {
  const { name, converted_type: kind, logical_type: logical, type, scale = 0 } = element;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Json) return value.value;
  if (typeof value === 'bigint' || typeof value === 'number') {
    const unit = logical?.type === 'TIME' ? logical.unit : kind?.replace(/^TIME_/, '');
    const digits = kind !== unit && unit !== undefined ? DIGITS[unit] : undefined;
    if (digits !== undefined) return momentOf(BigInt(value), digits).slice(DAY_LENGTH);
  }
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value === 'number') {
    // The library has made a double of it, which has every integer up to this one.
    if (kind === 'DECIMAL' && Math.abs(value) * 10 ** scale > Number.MAX_SAFE_INTEGER) {
      throw new Unreadable('parquet_decimal', name);
    }
    const isFloat = type === 'FLOAT' || type === 'DOUBLE' || logical?.type === 'FLOAT16';
    return isFloat || scale > 0 || !Number.isInteger(value) ? new Float(value) : value;
  }
  throw new Unreadable('parquet_bytes', name);
}

/** Digits behind the second that the units of times of day count. */
const DIGITS: Readonly<Record<string, number>> = { MILLIS: 3, MICROS: 6, NANOS: 9 };
/** Characters of a day and the T behind it. */
const DAY_LENGTH = '1970-01-01T'.length;
