import { message } from '../../core/messages/message';
import { bind } from './arguments';
import { JinjaError } from './errors';
import { takeUnits } from './steps';
import {
  Callable,
  Items,
  iterated,
  Loop,
  Namespace,
  typeName,
  Undefined,
  type Dict,
  type Value,
  unmarked,
} from './values';

/** The limit that Jinja's sandbox sets for `range`. */
const MAX_RANGE = 100_000;

/** The functions that every template has. */
export const GLOBALS: ReadonlyMap<string, Value> = new Map(
  Object.entries({ range, dict, namespace, joiner, cycler }).map(([name, run]) => [
    name,
    new Callable(name, run),
  ]),
);

/** Checks that a value can be a key of a mapping. Throws JinjaError otherwise. */
export function hashable(given: Value): Value {
  const key = unmarked(given);
  if (key instanceof Undefined) throw key.error();
  if (key === null || typeof key !== 'object') return key;
  throw new JinjaError(message('jinja_no_key', { type: typeName(key) }));
}

function range(positional: readonly Value[], named: ReadonlyMap<string, Value>): Value {
  const numbers = positional.map((value) => {
    if (typeof value === 'number') return value;
    throw value instanceof Undefined
      ? value.error()
      : new JinjaError(message('jinja_needs', { what: 'range', wanted: 'integers', type: typeName(value) }));
  });
  const [first, second, step = 1] = numbers;
  if (first === undefined || numbers.length > 3 || named.size > 0 || step === 0)
    throw new JinjaError(message('jinja_needs', { what: 'range', wanted: 'integers' }));
  const [from, to] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (length > MAX_RANGE) throw new JinjaError(message('jinja_long', { what: 'range', most: MAX_RANGE }));
  takeUnits(length);
  return new Items(
    'range',
    Array.from({ length }, (_, i) => from + i * step),
  );
}

function dict(positional: readonly Value[], named: ReadonlyMap<string, Value>): Dict {
  const [from] = positional;
  const made: Dict = new Map();
  if (from instanceof Map) {
    for (const [key, value] of from) made.set(key, value);
  } else if (from !== undefined) {
    for (const entry of iterated(from)) {
      const [key, value, ...more] = iterated(entry);
      if (key === undefined || value === undefined || more.length > 0)
        throw new JinjaError(message('jinja_needs', { what: 'dict', wanted: 'pairs' }));
      made.set(hashable(key), value);
    }
  }
  for (const [key, value] of named) made.set(key, value);
  return made;
}

function namespace(positional: readonly Value[], named: ReadonlyMap<string, Value>): Namespace {
  const fields = dict(positional, named);
  for (const name of fields.keys()) {
    if (typeof name === 'string' && name.startsWith('_'))
      throw new JinjaError(message('jinja_field', { name }));
  }
  return new Namespace(fields);
}

function joiner(positional: readonly Value[], named: ReadonlyMap<string, Value>): Callable {
  const separator = bind('joiner', ['sep'], { positional, named }).get('sep') ?? ', ';
  let used = false;
  return new Callable('joiner', () => {
    const text = used ? separator : '';
    used = true;
    return text;
  });
}

/** `next()` returns the values in turn, `current` is the value that comes next, `reset()` starts over. */
function cycler(values: readonly Value[]): Value {
  if (values.length === 0) throw new JinjaError(message('jinja_needs', { what: 'cycler', wanted: 'value' }));
  let at = 0;
  const fields = new Map<Value, Value>([['current', values[0] ?? null]]);
  const moveTo = (place: number): void => {
    at = place % values.length;
    fields.set('current', values[at] ?? null);
  };
  const next = new Callable('next', () => {
    const value = values[at] ?? null;
    moveTo(at + 1);
    return value;
  });
  const reset = new Callable('reset', () => {
    moveTo(0);
    return null;
  });
  fields.set('next', next).set('reset', reset);
  return new Loop(fields);
}
