import { JinjaError } from './errors';
import { takeUnits } from './steps';
import { percentFormat } from './text_methods';
import { Float, iterated, numeric, Tuple, typeName, Undefined, type Value } from './values';

/** Characters or items that a sum or a product may have. */
const MAX_LENGTH = 10_000_000;

/** Python's `+`. */
export function add(left: Value, right: Value): Value {
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  if (Array.isArray(left) && Array.isArray(right)) return joined(left, right);
  if (left instanceof Tuple && right instanceof Tuple) return new Tuple(joined(left.items, right.items));
  return arithmetic('+', left, right);
}

function joined(left: readonly Value[], right: readonly Value[]): Value[] {
  if (left.length + right.length > MAX_LENGTH) throw new JinjaError('a list would become too long');
  takeUnits(left.length + right.length);
  return [...left, ...right];
}

/** Python's arithmetic, with what `*` and `%` do to texts and lists. */
export function arithmetic(
  operator: '+' | '-' | '*' | '/' | '//' | '%' | '**',
  left: Value,
  right: Value,
): Value {
  if (operator === '%' && typeof left === 'string') return percentFormat(left, right);
  const repeated = operator === '*' ? (repeat(left, right) ?? repeat(right, left)) : undefined;
  if (repeated !== undefined) return repeated;
  const [a, b] = [numeric(left), numeric(right)];
  if (a === undefined || b === undefined) {
    for (const side of [left, right]) if (side instanceof Undefined) throw side.error();
    throw new JinjaError(
      `${operator} has no meaning for values of types ${typeName(left)} and ${typeName(right)}`,
    );
  }
  if ((operator === '/' || operator === '//' || operator === '%') && b === 0)
    throw new JinjaError('division by zero');
  const isFloat =
    left instanceof Float || right instanceof Float || operator === '/' || (operator === '**' && b < 0);
  const result = calculated(operator, a, b);
  if (isFloat) return new Float(result);
  if (!Number.isSafeInteger(result)) throw new JinjaError('numbers beyond 2^53 are not supported');
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

function repeat(what: Value, times: Value): Value | undefined {
  if (typeof times !== 'number') return undefined;
  const count = Math.max(0, times);
  if (typeof what === 'string') {
    if (what.length * count > MAX_LENGTH) throw new JinjaError('a text would become too long');
    return what.repeat(count);
  }
  if (!Array.isArray(what) && !(what instanceof Tuple)) return undefined;
  const items = iterated(what);
  if (items.length * count > MAX_LENGTH) throw new JinjaError('a list would become too long');
  takeUnits(items.length * count);
  const many = Array.from({ length: count }, () => items).flat();
  return what instanceof Tuple ? new Tuple(many) : many;
}
