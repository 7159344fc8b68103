import { message } from '../../core/messages/message';
import { JinjaError } from './errors';
import { escapeText, marked } from './markup';
import { takeSteps, takeUnits } from './steps';
import { CHANGING_METHODS, DICT_METHODS, LIST_METHODS } from './container_methods';
import { integer, TEXT_METHODS } from './text_methods';
import { textOf } from './text_of';
import {
  Callable,
  Items,
  iterated,
  Loop,
  Namespace,
  Tuple,
  typeName,
  Undefined,
  type Value,
  Markup,
  unmarked,
} from './values';

/** `object.name`: a method or an attribute, or else an item by this name. Throws if the sandbox refuses it. */
export function attributeOf(object: Value, name: string): Value {
  if (object instanceof Undefined) throw object.error();
  const found = ownAttribute(object, name);
  if (found !== undefined) return found;
  if (object instanceof Map && object.has(name)) return object.get(name) ?? null;
  return missing(object, name);
}

/** Only a method or an attribute, as the filter `attr` finds it. */
export function attributeAlone(object: Value, name: string): Value {
  if (object instanceof Undefined) throw object.error();
  return ownAttribute(object, name) ?? missing(object, name);
}

/** `object[key]`: an item, or else an attribute by this name. */
export function itemOf(object: Value, given: Value): Value {
  takeSteps();
  const key = unmarked(given);
  if (object instanceof Markup) {
    return typeof key === 'string'
      ? (ownAttribute(object, key) ?? missing(object, key))
      : marked(itemOf(object.text, key));
  }
  if (object instanceof Undefined) throw object.error();
  if (object instanceof Map) {
    if (object.has(key)) return object.get(key) ?? null;
  } else if (typeof key === 'number' || typeof key === 'boolean') {
    const at = Number(key);
    const items = indexed(object);
    if (items) return items.at(at) ?? new Undefined(message('jinja_no_item', { at }));
  }
  if (typeof key === 'string') return ownAttribute(object, key) ?? missing(object, key);
  if (key instanceof Undefined) throw key.error();
  return new Undefined(message('jinja_no_such_item', { type: typeName(object) }));
}

/** `object[start:stop:step]` with Python's rules. */
export function sliceOf(object: Value, start: Value, stop: Value, step: Value): Value {
  if (object instanceof Markup) return marked(sliceOf(object.text, start, stop, step));
  const items = indexed(object);
  if (!items) {
    if (object instanceof Undefined) throw object.error();
    return new Undefined(message('jinja_not_sliced', { type: typeName(object) }));
  }
  const by = step === null ? 1 : integer('slice', step);
  if (by === 0) throw new JinjaError(message('jinja_slice_step'));
  const { length } = items;
  const bounded = (value: Value, otherwise: number): number => {
    if (value === null) return otherwise;
    const at = integer('slice', value);
    const counted = at < 0 ? at + length : at;
    return by > 0 ? Math.min(Math.max(counted, 0), length) : Math.min(Math.max(counted, -1), length - 1);
  };
  const begin = bounded(start, by > 0 ? 0 : length - 1);
  const end = bounded(stop, by > 0 ? length : -1);
  const kept: Value[] = [];
  for (let at = begin; by > 0 ? at < end : at > end; at += by) kept.push(items[at] ?? null);
  if (typeof object === 'string') return kept.map(textOf).join('');
  return object instanceof Tuple ? new Tuple(kept) : kept;
}

function indexed(object: Value): readonly Value[] | undefined {
  if (typeof object === 'string' || Array.isArray(object) || object instanceof Tuple) return iterated(object);
  return object instanceof Items && object.kind === 'range' ? object.take() : undefined;
}

function ownAttribute(object: Value, name: string): Value | undefined {
  if (name.startsWith('_')) return new Undefined(message('jinja_attribute_private', { name }));
  if (object instanceof Namespace) return object.fields.get(name);
  if (object instanceof Loop) return object.fields.get(name);
  const changes = CHANGING_METHODS.includes(name);
  if (typeof object === 'string') return method(TEXT_METHODS, object, name, object.length);
  if (object instanceof Markup) return markupMethod(object, name);
  if (object instanceof Map) {
    if (changes && !object.has(name)) return refused(object, name);
    return method(DICT_METHODS, object, name, object.size);
  }
  if (Array.isArray(object))
    return changes ? refused(object, name) : method(LIST_METHODS, object, name, object.length);
  return object instanceof Tuple ? method(LIST_METHODS, object.items, name, object.items.length) : undefined;
}

function method<T>(
  methods: Readonly<
    Record<
      string,
      (object: T, given: { positional: readonly Value[]; named: ReadonlyMap<string, Value> }) => Value
    >
  >,
  object: T,
  name: string,
  size: number,
): Callable | undefined {
  const found = Object.hasOwn(methods, name) ? methods[name] : undefined;
  return (
    found &&
    new Callable(name, (positional, named) => {
      takeUnits(size);
      const given = {
        positional: positional.map(unmarked),
        named: new Map([...named].map(([key, value]) => [key, unmarked(value)])),
      };
      return found(object, given);
    })
  );
}

/** Methods that escape their arguments, because these become part of the Markup. */
const ESCAPING = ['format', 'join', 'replace'];

/** A method of texts, called on a Markup: texts in its result become Markup. */
function markupMethod(object: Markup, name: string): Callable | undefined {
  const plain = method(TEXT_METHODS, object.text, name, object.text.length);
  if (!plain) return undefined;
  const argument = (value: Value): Value => {
    if (!ESCAPING.includes(name)) return unmarked(value);
    if (typeof value === 'string') return escapeText(value);
    return Array.isArray(value) ? value.map(argument) : unmarked(value);
  };
  return new Callable(name, (positional, named) =>
    marked(
      plain.call(positional.map(argument), new Map([...named].map(([key, value]) => [key, argument(value)]))),
    ),
  );
}

function refused(object: Value, name: string): Callable {
  return new Callable(name, () => {
    throw new JinjaError(message('jinja_changes', { name, type: typeName(object) }));
  });
}

function missing(object: Value, name: string): Undefined {
  return new Undefined(message('jinja_attribute', { type: typeName(object), name }));
}
