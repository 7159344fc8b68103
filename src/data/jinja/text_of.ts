import { message } from '../../core/messages/message';
import { JinjaError } from './errors';
import { takeSteps, takeUnits, within } from './steps';
import { Float, Items, Tuple, typeName, Undefined, type Value, Markup } from './values';

/** Python's `str`. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof Markup) return value.text;
  return value instanceof Undefined ? '' : reprOf(value);
}

/** Python's `repr`. */
export function reprOf(value: Value): string {
  takeSteps();
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number' || typeof value === 'bigint') return integerText(value);
  if (typeof value === 'string') return reprOfText(value);
  if (value instanceof Markup) return `Markup(${reprOfText(value.text)})`;
  if (value instanceof Float) return floatText(value.value);
  if (Array.isArray(value)) return listed('[', value.map(reprWithin), ']');
  if (value instanceof Tuple) {
    return listed('(', value.items.map(reprWithin), value.items.length === 1 ? ',)' : ')');
  }
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => `${reprOf(key)}: ${reprWithin(item)}`);
    return listed('{', entries, '}');
  }
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Items && value.label !== undefined)
    return `${value.label}(${reprOf([...value.take()])})`;
  throw new JinjaError(message('jinja_not_written', { type: typeName(value), form: 'text' }));
}

function reprWithin(value: Value): string {
  return within(() => reprOf(value));
}

function listed(open: string, parts: readonly string[], close: string): string {
  const text = open + parts.join(', ') + close;
  takeUnits(text.length);
  return text;
}

/** An int without an exponent. */
export function integerText(value: number | bigint): string {
  return typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
}

/** A float as Python writes it: below 1e-4 and from 1e16 on with an exponent of at least two digits. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 16) {
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  if (power < 0) {
    const digits = mantissa.replace(/[-.]/g, '');
    return `${value < 0 ? '-' : ''}0.${'0'.repeat(-power - 1)}${digits}`;
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
};

function reprOfText(text: string): string {
  takeUnits(text.length);
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\p{C}\p{Z}\\'"]/gu, (character) => {
    if (character === ' ') return character;
    if (character === "'" || character === '"') return character === quote ? `\\${character}` : character;
    const named = NAMED_ESCAPES[character];
    if (named !== undefined) return named;
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    if (hex.length <= 2) return `\\x${hex.padStart(2, '0')}`;
    return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
  });
  return quote + escaped + quote;
}
