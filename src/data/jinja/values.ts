import { message, type Message } from '../../core/messages/message';
import { Float } from '../../core/lossless_json';
import { JinjaError } from './errors';
import { takeSteps, takeUnits, within } from './steps';

export { Float } from '../../core/lossless_json';

/**
 * Values as a template sees them, with Python's types: None is null, an int is a number (a bigint if a number can't
 * hold it exactly), a float a Float, a list an array and a dict a Map.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Markup
  | Float
  | Undefined
  | Value[]
  | Tuple
  | Dict
  | Namespace
  | Items
  | Callable
  | Loop;

/** Keys are texts, numbers, booleans or null. */
export type Dict = Map<Value, Value>;

/**
 * A text that already counts as HTML (markupsafe's `Markup`), made by the filters `safe` and `escape`. Templates have
 * no automatic escaping, so it is written unchanged; but a text added to it with `+` is escaped.
 */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The plain text of a Markup; any other value unchanged. */
export function unmarked(value: Value): Value {
  return value instanceof Markup ? value.text : value;
}

/** The value of a name, key or attribute that does not exist: empty as text, and an error in nearly all other uses. */
export class Undefined {
  /** Says what does not exist: "'name' is undefined". */
  readonly what: Message;

  constructor(what: Message) {
    this.what = what;
  }

  error(): JinjaError {
    return new JinjaError(this.what);
  }
}

export class Tuple {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

/** The only value that a template can change. */
export class Namespace {
  readonly fields: Dict;

  constructor(fields: Dict) {
    this.fields = fields;
  }
}

/** An iterable that is no list: a generator (once only), a view of a dict, or a range. */
export class Items {
  readonly kind: 'generator' | 'view' | 'range';
  /** Prefix of a view's items when it is written as text: `dict_items`. */
  readonly label: string | undefined;
  #items: readonly Value[];

  constructor(kind: Items['kind'], items: readonly Value[], label?: string) {
    this.kind = kind;
    this.label = label;
    this.#items = items;
  }

  take(): readonly Value[] {
    const items = this.#items;
    if (this.kind === 'generator') this.#items = [];
    return items;
  }

  /** Takes the next item of a generator; returns the first item of a view or a range. */
  next(): Value | undefined {
    const [first] = this.#items;
    if (this.kind === 'generator') this.#items = this.#items.slice(1);
    return first;
  }

  get length(): number {
    if (this.kind === 'generator') throw new JinjaError(message('jinja_no_length', { type: 'generator' }));
    return this.#items.length;
  }
}

export class Callable {
  readonly name: string;
  readonly call: (positional: readonly Value[], named: ReadonlyMap<string, Value>) => Value;

  constructor(name: string, call: Callable['call']) {
    this.name = name;
    this.call = call;
  }
}

/** An object with constant fields: the variable `loop`, and a cycler. */
export class Loop {
  readonly fields: ReadonlyMap<Value, Value>;

  constructor(fields: ReadonlyMap<Value, Value>) {
    this.fields = fields;
  }
}

/**
 * Turns JSON data into template values. Whole numbers are ints. Pass 1.0 as a `Float`, and an object whose keys would
 * not keep their order as a Map; `parseLosslessJson` returns both.
 */
export function fromJson(value: unknown): Value {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return value;
    case 'number':
      return Number.isInteger(value) ? value : new Float(value);
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value)) return value.map(fromJson);
      if (value instanceof Float) return value;
      if (value instanceof Map) {
        return new Map(Array.from(value as Map<string, unknown>, ([key, item]) => [key, fromJson(item)]));
      }
      return new Map(
        Object.entries(value).flatMap(([key, item]) =>
          item === undefined ? [] : [[key, fromJson(item)] as const],
        ),
      );
    default:
      throw new JinjaError(message('jinja_not_given', { type: typeof value }));
  }
}

export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || typeof value === 'bigint') return 'int';
  if (typeof value === 'string') return 'str';
  if (value instanceof Markup) return 'Markup';
  if (value instanceof Float) return 'float';
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof Map) return 'dict';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Items) return value.kind;
  return value instanceof Namespace ? 'Namespace' : value instanceof Loop ? 'LoopContext' : 'function';
}

export function truthy(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'bigint') return true; // bigints are never 0: numbers hold small ints
  if (typeof value === 'string') return value !== '';
  if (value instanceof Markup) return value.text !== '';
  if (value instanceof Float) return value.value !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (value instanceof Tuple) return value.items.length > 0;
  return value instanceof Items && value.kind !== 'generator' ? value.length > 0 : true;
}

/**
 * The number of an int, a bool or a float; undefined for other values. Throws for an int that no number holds exactly.
 */
export function numeric(value: Value): number | undefined {
  if (typeof value === 'bigint') throw new JinjaError(message('jinja_exact_number'));
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Float ? value.value : undefined;
}

/** The items that Python would iterate over; undefined if it can't iterate. */
export function iterate(value: Value): readonly Value[] | undefined {
  const items = itemsOf(unmarked(value));
  takeSteps(items?.length ?? 0);
  return items;
}

function itemsOf(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value;
  if (value instanceof Tuple) return value.items;
  if (typeof value === 'string') {
    takeUnits(value.length);
    return Array.from(value);
  }
  if (value instanceof Map) return [...value.keys()];
  if (value instanceof Undefined) return [];
  return value instanceof Items ? value.take() : undefined;
}

export function iterated(value: Value): readonly Value[] {
  const items = iterate(value);
  if (items) return items;
  throw new JinjaError(message('jinja_not_iterated', { type: typeName(value) }));
}

/** Python's `len`. */
export function lengthOf(value: Value): number {
  if (value instanceof Markup) return lengthOf(value.text);
  if (typeof value === 'string') return characterCount(value);
  if (value instanceof Map) return value.size;
  if (value instanceof Items) return value.length;
  const items =
    value instanceof Undefined || Array.isArray(value) || value instanceof Tuple ? iterate(value) : undefined;
  if (items) return items.length;
  throw new JinjaError(message('jinja_no_length', { type: typeName(value) }));
}

function characterCount(text: string): number {
  takeUnits(text.length);
  let second = 0;
  for (let at = 0; at < text.length; at++) if ((text.codePointAt(at) ?? 0) > 0xffff) second++;
  return text.length - second;
}

export function equal(a: Value, b: Value): boolean {
  takeSteps();
  if (a instanceof Markup || b instanceof Markup) return equal(unmarked(a), unmarked(b));
  // JavaScript compares a bigint with a number exactly, as Python does.
  if (typeof a === 'bigint' || typeof b === 'bigint') return sign(a, b) === 0;
  const [left, right] = [numeric(a), numeric(b)];
  if (left !== undefined || right !== undefined) return left === right;
  if (a instanceof Undefined) return b instanceof Undefined;
  if ((Array.isArray(a) && Array.isArray(b)) || (a instanceof Tuple && b instanceof Tuple)) {
    const [items, others] = [iterated(a), iterated(b)];
    return within(
      () => items.length === others.length && items.every((item, i) => equal(item, others[i] ?? null)),
    );
  }
  if (a instanceof Map && b instanceof Map) {
    takeUnits(a.size);
    return within(
      () => a.size === b.size && [...a].every(([key, item]) => b.has(key) && equal(item, b.get(key) ?? null)),
    );
  }
  return a === b;
}

/** Negative if `a` is less, 0 if they are equal; undefined if one of them is no number. */
function sign(a: Value, b: Value): number | undefined {
  const [left, right] = [a, b].map((value) => (typeof value === 'bigint' ? value : numeric(value)));
  if (left === undefined || right === undefined) return undefined;
  return left < right ? -1 : left > right ? 1 : Number(left >= right) - 1;
}

/** Negative if `a` comes first. Throws for values that Python can't order. */
export function compare(a: Value, b: Value): number {
  takeSteps();
  if (a instanceof Markup || b instanceof Markup) return compare(unmarked(a), unmarked(b));
  const order = sign(a, b);
  if (order !== undefined) return order;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if ((Array.isArray(a) && Array.isArray(b)) || (a instanceof Tuple && b instanceof Tuple)) {
    const [items, others] = [iterated(a), iterated(b)];
    for (let i = 0; i < Math.min(items.length, others.length); i++) {
      const [item = null, other = null] = [items[i], others[i]];
      if (!equal(item, other)) return within(() => compare(item, other));
    }
    return items.length - others.length;
  }
  for (const side of [a, b]) if (side instanceof Undefined) throw side.error();
  throw new JinjaError(message('jinja_no_order', { left: typeName(a), right: typeName(b) }));
}

/** Compares by code points, as Python does; JavaScript's `<` compares UTF-16 units. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  takeUnits(a.length + b.length);
  const [left, right] = [Array.from(a), Array.from(b)];
  const at = left.findIndex((character, i) => character !== right[i]);
  if (at < 0) return -1;
  return (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}

/** Python's `in`. */
export function contains(container: Value, value: Value): boolean {
  if (container instanceof Markup || value instanceof Markup)
    return contains(unmarked(container), unmarked(value));
  if (typeof container === 'string') {
    takeUnits(container.length);
    if (typeof value === 'string') return container.includes(value);
    throw new JinjaError(message('jinja_not_searched', { type: typeName(value) }));
  }
  if (container instanceof Map) return container.has(value);
  return iterated(container).some((item) => equal(item, value));
}
