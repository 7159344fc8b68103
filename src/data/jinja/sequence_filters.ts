import { message } from '../../core/messages/message';
import { bind, type Given } from './arguments';
import { JinjaError } from './errors';
import type { FilterContext } from './filter_context';
import { needText } from './text_methods';
import { compare, equal, Items, iterated, truthy, Tuple, Undefined, type Value } from './values';

/**
 * The part of an item that a filter looks at: an attribute (`a.b.0`) or the item itself, optionally without regard to
 * case.
 */
export function keyed(
  attribute: Value | undefined,
  context: FilterContext,
  ignoreCase = false,
  otherwise?: Value,
): (item: Value) => Value {
  const folded = (item: Value): Value => (ignoreCase && typeof item === 'string' ? item.toLowerCase() : item);
  if (attribute === undefined || attribute === null) return folded;
  if (typeof attribute === 'string' && attribute.includes(',')) {
    const keys = attribute.split(',').map((one) => keyed(one, context, ignoreCase, otherwise));
    return (item) => keys.map((key) => key(item));
  }
  const path = typeof attribute === 'number' ? [attribute] : needText('attribute', attribute).split('.');
  return (item) => {
    let found = item;
    for (const part of path) {
      found = context.item(found, typeof part === 'string' && /^\d+$/.test(part) ? Number(part) : part);
      if (otherwise !== undefined && found instanceof Undefined) found = otherwise;
    }
    return folded(found);
  };
}

export function sorted(items: readonly Value[], key: (item: Value) => Value, reverse = false): Value[] {
  const pairs = items.map((item) => ({ item, key: key(item) }));
  pairs.sort((a, b) => (reverse ? compare(b.key, a.key) : compare(a.key, b.key)));
  return pairs.map(({ item }) => item);
}

export function dictsort(value: Value, given: Given): Value {
  const bound = bind('dictsort', ['case_sensitive', 'by', 'reverse'], given);
  if (!(value instanceof Map))
    throw new JinjaError(message('jinja_needs', { what: 'dictsort', wanted: 'mapping' }));
  const by = bound.get('by') ?? 'key';
  if (by !== 'key' && by !== 'value') throw new JinjaError(message('jinja_unsupported', { feature: 'sort' }));
  const ignoreCase = !truthy(bound.get('case_sensitive') ?? false);
  const key = (item: Value): Value => {
    const part = item instanceof Tuple ? (item.items[by === 'key' ? 0 : 1] ?? null) : null;
    return ignoreCase && typeof part === 'string' ? part.toLowerCase() : part;
  };
  return sorted(
    [...value].map((entry) => new Tuple(entry)),
    key,
    truthy(bound.get('reverse') ?? false),
  );
}

export function groupby(value: Value, given: Given, context: FilterContext): Value {
  const bound = bind('groupby', ['attribute', 'default', 'case_sensitive'], given);
  const ignoreCase = !truthy(bound.get('case_sensitive') ?? false);
  const exact = keyed(bound.get('attribute'), context, false, bound.get('default'));
  const key = keyed(bound.get('attribute'), context, ignoreCase, bound.get('default'));
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(iterated(value), key)) {
    const last = groups.at(-1);
    if (last && equal(key(last.items[0] ?? null), key(item))) last.items.push(item);
    else groups.push({ key: exact(item), items: [item] });
  }
  return groups.map((group) => new Tuple([group.key, group.items]));
}

/** Jinja evaluates the arguments of these filters only if there are items: applied to None, they return nothing. */
const nothing = (): Items => new Items('generator', []);

export function mapFilter(value: Value, { positional, named }: Given, context: FilterContext): Value {
  if (!truthy(value)) return nothing();
  const items = iterated(value);
  const [name, ...rest] = positional;
  if (name === undefined) {
    const bound = bind('map', ['attribute', 'default'], { positional: [], named });
    if (!bound.has('attribute'))
      throw new JinjaError(message('jinja_needs', { what: 'map', wanted: 'filterOrAttribute' }));
    return new Items(
      'generator',
      items.map(keyed(bound.get('attribute'), context, false, bound.get('default'))),
    );
  }
  const filter = needText('map', name);
  return new Items(
    'generator',
    items.map((item) => context.filter(filter, item, { positional: rest, named })),
  );
}

function tester(given: Given, context: FilterContext): (value: Value) => boolean {
  const [name, ...positional] = given.positional;
  if (name === undefined) return truthy;
  const test = needText('select', name);
  return (value) => context.test(test, value, { positional, named: given.named });
}

export function selected(value: Value, given: Given, context: FilterContext, wanted: boolean): Value {
  if (!truthy(value)) return nothing();
  const test = tester(given, context);
  return new Items(
    'generator',
    iterated(value).filter((item) => test(item) === wanted),
  );
}

export function selectedByAttribute(
  value: Value,
  given: Given,
  context: FilterContext,
  wanted: boolean,
): Value {
  if (!truthy(value)) return nothing();
  const [attribute, ...positional] = given.positional;
  if (attribute === undefined)
    throw new JinjaError(message('jinja_needs', { what: 'selectattr', wanted: 'attribute' }));
  const key = keyed(attribute, context);
  const test = tester({ positional, named: given.named }, context);
  return new Items(
    'generator',
    iterated(value).filter((item) => test(key(item)) === wanted),
  );
}

export function extreme(value: Value, given: Given, context: FilterContext, sign: 1 | -1): Value {
  const bound = bind(sign > 0 ? 'max' : 'min', ['case_sensitive', 'attribute'], given);
  const key = keyed(bound.get('attribute'), context, !truthy(bound.get('case_sensitive') ?? false));
  const items = iterated(value);
  const [first, ...rest] = items;
  if (first === undefined) return new Undefined(message('jinja_no_items'));
  return rest.reduce((best, item) => (sign * compare(key(item), key(best)) > 0 ? item : best), first);
}
