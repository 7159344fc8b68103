import { message } from '../../core/messages/message';
import { bind, type Given } from './arguments';
import { JinjaError, PYTHON_LINE_BREAK, PYTHON_SPACE } from './errors';
import type { FilterContext } from './filter_context';
import {
  dictsort,
  extreme,
  groupby,
  keyed,
  mapFilter,
  selected,
  selectedByAttribute,
  sorted,
} from './sequence_filters';
import { escapeText } from './markup';
import { takeUnits } from './steps';
import { capitalize, integer, needText, percentFormat, replaceText, strip } from './text_methods';
import { jsonOf } from './json_of';
import { textOf } from './text_of';
import {
  equal,
  Float,
  Items,
  iterated,
  lengthOf,
  numeric,
  truthy,
  Tuple,
  typeName,
  Undefined,
  type Value,
  Markup,
} from './values';

type Filter = (value: Value, given: Given, context: FilterContext) => Value;

const none: Given = { positional: [], named: new Map() };
const plain =
  (change: (text: string) => Value): Filter =>
  (value) =>
    change(textOf(value));

/** Filters that distinguish Markup from plain text. */
export const MARKING: readonly string[] = ['safe', 'escape', 'e', 'forceescape', 'default', 'd'];
/** Filters that make Markup of Markup. */
export const KEEPING: readonly string[] = [
  ...['capitalize', 'center', 'indent', 'last', 'lower', 'reverse', 'string', 'trim', 'truncate', 'upper'],
];

const escape: Filter = (value) => (value instanceof Markup ? value : new Markup(escapeText(textOf(value))));

/**
 * Jinja's own filters except `pprint`, `random`, `striptags`, `urlize` and `wordwrap`: these depend on Python's line
 * breaking, on chance, or on HTML's tables.
 */
export const FILTERS: Readonly<Record<string, Filter>> = {
  abs: (value) => {
    const number = needNumber('abs', value);
    return value instanceof Float ? new Float(Math.abs(number)) : Math.abs(number);
  },
  attr: (value, given, context) =>
    context.attribute(value, needText('attr', argument('attr', given, 'name'))),
  batch: (value, given) => {
    const bound = bind('batch', ['linecount', 'fill_with'], given);
    const size = integer('batch', bound.get('linecount'));
    const items = iterated(value);
    const filler = bound.get('fill_with') ?? null;
    takeUnits(size);
    const batches = Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
      items.slice(i * size, (i + 1) * size),
    );
    return new Items(
      'generator',
      batches.map((batch) =>
        filler === null ? batch : [...batch, ...new Array<Value>(size - batch.length).fill(filler)],
      ),
    );
  },
  capitalize: plain(capitalize),
  center: (value, given, context) => {
    const width = bind('center', ['width'], given).get('width') ?? 80;
    const method = context.attribute(textOf(value), 'center');
    return callValue(method, [width]);
  },
  count: (value) => lengthOf(value),
  length: (value) => lengthOf(value),
  default: defaultFilter,
  d: defaultFilter,
  dictsort,
  first: (value) =>
    (value instanceof Items ? value.next() : iterated(value)[0]) ??
    new Undefined(message('jinja_no_item', { at: 'first' })),
  last: (value) => {
    if (value instanceof Items && value.kind === 'generator')
      throw new JinjaError(message('jinja_no_such_item', { type: 'generator' }));
    return iterated(value).at(-1) ?? new Undefined(message('jinja_no_item', { at: 'last' }));
  },
  e: escape,
  escape,
  forceescape: (value) => new Markup(escapeText(textOf(value))),
  safe: (value) => new Markup(textOf(value)),
  filesizeformat,
  float: (value, given) => {
    if (value instanceof Undefined) throw value.error();
    const number = numeric(value) ?? (typeof value === 'string' ? parseFloatText(value) : undefined);
    if (number !== undefined) return new Float(number);
    return bind('float', ['default'], given).get('default') ?? new Float(0);
  },
  format: (value, { positional, named }) => {
    if (named.size > 0) throw new JinjaError(message('jinja_unsupported', { feature: 'formatNames' }));
    return percentFormat(textOf(value), new Tuple(positional));
  },
  groupby,
  indent,
  int: (value, given) => {
    if (value instanceof Undefined) throw value.error();
    const bound = bind('int', ['default', 'base'], given);
    if (bound.has('base') && bound.get('base') !== 10)
      throw new JinjaError(message('jinja_unsupported', { feature: 'base' }));
    const number = numeric(value) ?? (typeof value === 'string' ? parseFloatText(value) : undefined);
    return number === undefined || !Number.isFinite(number)
      ? (bound.get('default') ?? 0)
      : Math.trunc(number);
  },
  items: (value) => {
    if (value instanceof Undefined) return new Items('generator', []);
    if (!(value instanceof Map))
      throw new JinjaError(message('jinja_needs', { what: 'items', wanted: 'mapping' }));
    return new Items(
      'generator',
      [...value].map((entry) => new Tuple(entry)),
    );
  },
  join: (value, given, context) => {
    const bound = bind('join', ['d', 'attribute'], given);
    const items = iterated(value).map(keyed(bound.get('attribute'), context));
    return items.map(textOf).join(textOf(bound.get('d') ?? ''));
  },
  list: (value) => [...iterated(value)],
  lower: plain((text) => text.toLowerCase()),
  map: mapFilter,
  max: (value, given, context) => extreme(value, given, context, 1),
  min: (value, given, context) => extreme(value, given, context, -1),
  reject: (value, given, context) => selected(value, given, context, false),
  rejectattr: (value, given, context) => selectedByAttribute(value, given, context, false),
  select: (value, given, context) => selected(value, given, context, true),
  selectattr: (value, given, context) => selectedByAttribute(value, given, context, true),
  replace: (value, given) => {
    const bound = bind('replace', ['old', 'new', 'count'], given);
    return replaceText(
      textOf(value),
      textOf(bound.get('old') ?? null),
      textOf(bound.get('new') ?? null),
      bound.get('count'),
    );
  },
  reverse: (value) =>
    typeof value === 'string'
      ? Array.from(value).reverse().join('')
      : new Items('generator', [...iterated(value)].reverse()),
  round: (value, given) => {
    const bound = bind('round', ['precision', 'method'], given);
    const scale = 10 ** integer('round', bound.get('precision') ?? 0);
    const method = bound.get('method') ?? 'common';
    const scaled = needNumber('round', value) * scale;
    if (method === 'common') return new Float(halfToEven(scaled) / scale);
    if (method !== 'ceil' && method !== 'floor')
      throw new JinjaError(message('jinja_unsupported', { feature: 'round' }));
    return new Float(Math[method](scaled) / scale);
  },
  slice: (value, given) => {
    const bound = bind('slice', ['slices', 'fill_with'], given);
    const count = integer('slice', bound.get('slices'));
    const items = [...iterated(value)];
    if (count < 1) throw new JinjaError(message('jinja_needs', { what: 'slice', wanted: 'positive' }));
    takeUnits(count);
    const filler = bound.get('fill_with') ?? null;
    const [each, more] = [Math.floor(items.length / count), items.length % count];
    return new Items(
      'generator',
      Array.from({ length: count }, (_, i) => {
        const begin = i * each + Math.min(i, more);
        const slice = items.slice(begin, begin + each + (i < more ? 1 : 0));
        return filler !== null && i >= more ? [...slice, filler] : slice;
      }),
    );
  },
  sort: (value, given, context) => {
    const bound = bind('sort', ['reverse', 'case_sensitive', 'attribute'], given);
    const key = keyed(bound.get('attribute'), context, bound.get('case_sensitive') !== true);
    return sorted(iterated(value), key, truthy(bound.get('reverse') ?? false));
  },
  string: plain((text) => text),
  sum: (value, given, context) => {
    const bound = bind('sum', ['attribute', 'start'], given);
    const items = iterated(value).map(keyed(bound.get('attribute'), context));
    const all = [bound.get('start') ?? 0, ...items];
    const total = all.reduce<number>((sum, item) => sum + needNumber('sum', item), 0);
    return all.some((item) => item instanceof Float) ? new Float(total) : total;
  },
  title: plain((text) =>
    text
      .split(new RegExp(`([-(\\[{<]|${PYTHON_SPACE})`))
      .map(capitalize)
      .join(''),
  ),
  tojson: (value, given) => {
    const bound = bind('tojson', ['ensure_ascii', 'indent', 'separators', 'sort_keys'], given);
    const indent = bound.get('indent') ?? null;
    const separators = bound.get('separators') ?? null;
    const [itemSeparator, keySeparator] =
      separators === null ? [] : iterated(separators).map((mark) => needText('tojson', mark));
    return jsonOf(value, {
      ensureAscii: truthy(bound.get('ensure_ascii') ?? false),
      sortKeys: truthy(bound.get('sort_keys') ?? false),
      ...(indent !== null && {
        indent: typeof indent === 'string' ? indent : ' '.repeat(integer('tojson', indent)),
      }),
      ...(itemSeparator !== undefined && { itemSeparator }),
      ...(keySeparator !== undefined && { keySeparator }),
    });
  },
  trim: (value, given) => {
    const characters = bind('trim', ['chars'], given).get('chars') ?? null;
    return strip(textOf(value), characters === null ? undefined : needText('trim', characters), true, true);
  },
  truncate,
  unique: (value, given, context) => {
    const bound = bind('unique', ['case_sensitive', 'attribute'], given);
    const key = keyed(bound.get('attribute'), context, bound.get('case_sensitive') !== true);
    const seen: Value[] = [];
    const kept = iterated(value).filter((item) => {
      const its = key(item);
      if (seen.some((other) => equal(other, its))) return false;
      seen.push(its);
      return true;
    });
    return new Items('generator', kept);
  },
  urlencode: (value) => {
    if (typeof value === 'string' || iterated(value).length === 0) return urlQuoted(textOf(value), true);
    const pairs = value instanceof Map ? [...value] : iterated(value).map((pair) => iterated(pair));
    return pairs
      .map(
        ([key = null, item = null]) => `${urlQuoted(textOf(key), false)}=${urlQuoted(textOf(item), false)}`,
      )
      .join('&');
  },
  upper: plain((text) => text.toUpperCase()),
  xmlattr: (value, given) => {
    if (!(value instanceof Map))
      throw new JinjaError(message('jinja_needs', { what: 'xmlattr', wanted: 'mapping' }));
    const space = truthy(bind('xmlattr', ['autospace'], given).get('autospace') ?? true);
    const written = [...value].flatMap(([key, item]) => {
      if (item === null || item instanceof Undefined) return [];
      if (/[\s/>=]/.test(textOf(key))) throw new JinjaError(message('jinja_attribute_name'));
      return [
        `${escapeText(textOf(key))}="${item instanceof Markup ? item.text : escapeText(textOf(item))}"`,
      ];
    });
    return (space && written.length > 0 ? ' ' : '') + written.join(' ');
  },
  wordcount: plain((text) => (text.match(/[\p{L}\p{N}\p{M}_]+/gu) ?? []).length),
};

function argument(what: string, given: Given, name: string): Value {
  return bind(what, [name], given).get(name) ?? null;
}

function callValue(method: Value, positional: readonly Value[]): Value {
  if (method !== null && typeof method === 'object' && 'call' in method)
    return method.call(positional, none.named);
  throw new JinjaError(message('jinja_not_called', { type: typeName(method) }));
}

function needNumber(what: string, value: Value): number {
  const number = numeric(value);
  if (number !== undefined) return number;
  if (value instanceof Undefined) throw value.error();
  throw new JinjaError(message('jinja_needs', { what, wanted: 'number', type: typeName(value) }));
}

function parseFloatText(text: string): number | undefined {
  const trimmed = strip(text, undefined, true, true).replace(/(?<=\d)_(?=\d)/g, '');
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : undefined;
}

/** Quotes like Python's `quote` in UTF-8; in a query, a space becomes a plus. */
function urlQuoted(text: string, isPath: boolean): string {
  const quoted = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return isPath ? quoted.replaceAll('%2F', '/') : quoted.replaceAll('%20', '+');
}

function filesizeformat(value: Value, given: Given): string {
  const isBinary = truthy(bind('filesizeformat', ['binary'], given).get('binary') ?? false);
  const bytes = numeric(value) ?? (typeof value === 'string' ? parseFloatText(value) : undefined);
  if (bytes === undefined)
    throw new JinjaError(message('jinja_needs', { what: 'filesizeformat', wanted: 'number' }));
  const base = isBinary ? 1024 : 1000;
  if (bytes === 1) return '1 Byte';
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const letters = 'kMGTPEZY';
  const power = Array.from(letters).findIndex((_, i) => bytes < base ** (i + 2));
  const at = power < 0 ? letters.length - 1 : power;
  const letter = letters[at] ?? '';
  const unit = isBinary ? `${letter.toUpperCase()}iB` : `${letter}B`;
  return `${percentFormat('%.1f', new Float((base * bytes) / base ** (at + 2)))} ${unit}`;
}

function halfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

function defaultFilter(value: Value, given: Given): Value {
  const bound = bind('default', ['default_value', 'boolean'], given);
  const replaced = value instanceof Undefined || (truthy(bound.get('boolean') ?? false) && !truthy(value));
  return replaced ? (bound.get('default_value') ?? '') : value;
}

function indent(value: Value, given: Given): Value {
  const bound = bind('indent', ['width', 'first', 'blank'], given);
  const width = bound.get('width') ?? 4;
  const indentation = typeof width === 'string' ? width : ' '.repeat(integer('indent', width));
  const blank = truthy(bound.get('blank') ?? false);
  const first = truthy(bound.get('first') ?? false);
  const lines = textOf(value).split(new RegExp(PYTHON_LINE_BREAK));
  takeUnits(lines.length * indentation.length);
  return lines
    .map((line, index) =>
      (index > 0 && (blank || line !== '')) || (index === 0 && first) ? indentation + line : line,
    )
    .join('\n');
}

function truncate(value: Value, given: Given): Value {
  const bound = bind('truncate', ['length', 'killwords', 'end', 'leeway'], given);
  const length = integer('truncate', bound.get('length') ?? 255);
  const end = needText('truncate', bound.get('end') ?? '...');
  const leeway = integer('truncate', bound.get('leeway') ?? 5);
  const characters = Array.from(textOf(value));
  if (characters.length <= length + leeway) return characters.join('');
  const kept = characters.slice(0, length - Array.from(end).length).join('');
  if (truthy(bound.get('killwords') ?? false)) return kept + end;
  const space = kept.lastIndexOf(' ');
  return (space < 0 ? kept : kept.slice(0, space)) + end;
}
