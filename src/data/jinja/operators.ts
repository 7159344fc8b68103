import { message } from '../../core/messages/message';
import { JinjaError } from './errors';
import { escapeText } from './markup';
import { checkLength, takeUnits } from './steps';
import { percentFormat } from './text_methods';
import { textOf } from './text_of';
import { Float, iterated, numeric, Tuple, typeName, Undefined, type Value, Markup } from './values';

/** Python's `+`. */
export function add(left: Value, right: Value): Value {
  if (left instanceof Markup || right instanceof Markup) {
    const [before, after] = [escaped(left), escaped(right)];
    if (before !== undefined && after !== undefined) return new Markup(concatenated([before, after]));
  }
  if (typeof left === 'string' && typeof right === 'string') return concatenated([left, right]);
  if (Array.isArray(left) && Array.isArray(right)) return joined(left, right);
  if (left instanceof Tuple && right instanceof Tuple) return new Tuple(joined(left.items, right.items));
  return arithmetic('+', left, right);
}

/** Joins texts, as `~` does. */
export function concatenated(parts: readonly string[]): string {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  checkLength(length, 'text');
  // The JavaScript engine refers to the longest part and copies the others, so only these count.
  takeUnits(length - parts.reduce((longest, part) => Math.max(longest, part.length), 0));
  return parts.join('');
}

function escaped(value: Value): string | undefined {
  if (value instanceof Markup) return value.text;
  return typeof value === 'string' ? escapeText(value) : undefined;
}

function joined(left: readonly Value[], right: readonly Value[]): Value[] {
  checkLength(left.length + right.length, 'list');
  takeUnits(left.length + right.length);
  return [...left, ...right];
}

/** Python's arithmetic, including `*` and `%` on texts and lists. */
export function arithmetic(
  operator: '+' | '-' | '*' | '/' | '//' | '%' | '**',
  left: Value,
  right: Value,
): Value {
  if (operator === '%' && typeof left === 'string') return percentFormat(left, right);
  if (operator === '%' && left instanceof Markup) {
    const values = right instanceof Tuple ? new Tuple(right.items.map(escapedValue)) : escapedValue(right);
    return new Markup(textOf(percentFormat(left.text, values)));
  }
  const repeated = operator === '*' ? (repeat(left, right) ?? repeat(right, left)) : undefined;
  if (repeated !== undefined) return repeated;
  const [a, b] = [numeric(left), numeric(right)];
  if (a === undefined || b === undefined) {
    for (const side of [left, right]) if (side instanceof Undefined) throw side.error();
    throw new JinjaError(
      message('jinja_no_operation', { operator, left: typeName(left), right: typeName(right) }),
    );
  }
  if ((operator === '/' || operator === '//' || operator === '%') && b === 0)
    throw new JinjaError(message('jinja_zero'));
  const isFloat =
    left instanceof Float || right instanceof Float || operator === '/' || (operator === '**' && b < 0);
  const result = calculated(operator, a, b);
  if (isFloat) return new Float(result);
  if (!Number.isSafeInteger(result))
    throw new JinjaError(message('jinja_unsupported', { feature: 'largeNumber' }));
  return result + 0;
}

function calculated(operator: '+' | '-' | '*' | '/' | '//' | '%' | '**', a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '//':
      return Math.floor(a / b);
    case '%':
      return a - b * Math.floor(a / b);
    case '**':
      return a ** b;
  }
}

function escapedValue(value: Value): Value {
  return escaped(value) ?? value;
}

function repeat(what: Value, times: Value): Value | undefined {
  if (typeof times !== 'number') return undefined;
  const count = Math.max(0, times);
  if (what instanceof Markup) return new Markup(textOf(repeat(what.text, times) ?? ''));
  if (typeof what === 'string') {
    checkLength(what.length * count, 'text');
    takeUnits(what.length * count);
    return what.repeat(count);
  }
  if (!Array.isArray(what) && !(what instanceof Tuple)) return undefined;
  const items = iterated(what);
  checkLength(items.length * count, 'list');
  takeUnits(items.length * count);
  const many = Array.from({ length: count }, () => items).flat();
  return what instanceof Tuple ? new Tuple(many) : many;
}
