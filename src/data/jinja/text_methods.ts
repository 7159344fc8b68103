import { message } from '../../core/messages/message';
import { bind, type Given } from './arguments';
import { JinjaError, PYTHON_LINE_BREAK, PYTHON_SPACE } from './errors';
import { takeUnits } from './steps';
import { textOf } from './text_of';
import { iterated, numeric, Tuple, typeName, Undefined, type Value } from './values';

type Method = (text: string, given: Given) => Value;

/** The methods of Python's `str` that templates use. */
export const TEXT_METHODS: Readonly<Record<string, Method>> = {
  strip: (text, given) => strip(text, charactersOf('strip', given), true, true),
  lstrip: (text, given) => strip(text, charactersOf('lstrip', given), true, false),
  rstrip: (text, given) => strip(text, charactersOf('rstrip', given), false, true),
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  casefold: (text) => text.toLowerCase(),
  capitalize,
  title: (text) => text.replace(/[\p{L}\p{M}]+/gu, capitalize),
  swapcase: (text) =>
    Array.from(text, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join(''),
  startswith: (text, given) => edge(text, 'startswith', given, (whole, part) => whole.startsWith(part)),
  endswith: (text, given) => edge(text, 'endswith', given, (whole, part) => whole.endsWith(part)),
  removeprefix: (text, given) => {
    const part = textArgument('removeprefix', given);
    return text.startsWith(part) ? text.slice(part.length) : text;
  },
  removesuffix: (text, given) => {
    const part = textArgument('removesuffix', given);
    return part !== '' && text.endsWith(part) ? text.slice(0, -part.length) : text;
  },
  replace: (text, given) => {
    const bound = bind('replace', ['old', 'new', 'count'], given);
    return replaceText(
      text,
      needText('replace', bound.get('old')),
      needText('replace', bound.get('new')),
      bound.get('count'),
    );
  },
  split: (text, given) => splitText(text, given),
  rsplit: (text, given) => splitText(text, given, true),
  splitlines: (text, given) => {
    const keep = bind('splitlines', ['keepends'], given).get('keepends') === true;
    const parts = text.split(new RegExp(`(${PYTHON_LINE_BREAK})`)); // every second one is a line break
    const lines = parts.flatMap((part, i) => {
      if (i % 2 === 1 || (i === parts.length - 1 && part === '')) return [];
      return [keep ? part + (parts[i + 1] ?? '') : part];
    });
    return lines;
  },
  partition: (text, given) => {
    const separator = textArgument('partition', given);
    const at = text.indexOf(separator);
    return new Tuple(
      at < 0 ? [text, '', ''] : [text.slice(0, at), separator, text.slice(at + separator.length)],
    );
  },
  rpartition: (text, given) => {
    const separator = textArgument('rpartition', given);
    const at = text.lastIndexOf(separator);
    return new Tuple(
      at < 0 ? ['', '', text] : [text.slice(0, at), separator, text.slice(at + separator.length)],
    );
  },
  find: (text, given) => position(text, 'find', given),
  rfind: (text, given) => position(text, 'rfind', given),
  index: (text, given) => found(position(text, 'index', given)),
  rindex: (text, given) => found(position(text, 'rfind', given)),
  count: (text, given) => {
    const part = textArgument('count', given);
    return part === '' ? Array.from(text).length + 1 : text.split(part).length - 1;
  },
  join: (text, given) =>
    iterated(bind('join', ['iterable'], given).get('iterable') ?? null)
      .map((item) => needText('join', item))
      .join(text),
  format: (text, given) => formatText(text, given),
  isdigit: (text) => /^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]+$/u.test(text),
  isdecimal: (text) => /^\p{Nd}+$/u.test(text),
  isnumeric: (text) => /^\p{N}+$/u.test(text),
  isalpha: (text) => /^\p{L}+$/u.test(text),
  isalnum: (text) => /^[\p{L}\p{N}]+$/u.test(text),
  isspace: (text) => new RegExp(`^${PYTHON_SPACE}+$`).test(text),
  isupper: (text) => text !== text.toLowerCase() && text === text.toUpperCase(),
  islower: (text) => text !== text.toUpperCase() && text === text.toLowerCase(),
  zfill: (text, given) => {
    const [, sign = '', digits = ''] = /^([+-]?)([\s\S]*)$/.exec(text) ?? [];
    return sign + '0'.repeat(missing(text, 'zfill', given)) + digits;
  },
  ljust: (text, given) => text + fill('ljust', given).repeat(missing(text, 'ljust', given)),
  rjust: (text, given) => fill('rjust', given).repeat(missing(text, 'rjust', given)) + text,
  center: (text, given) => {
    const lacking = missing(text, 'center', given);
    const width = Array.from(text).length + lacking;
    const left = Math.floor(lacking / 2) + (lacking & width & 1);
    const filler = fill('center', given);
    return filler.repeat(left) + text + filler.repeat(lacking - left);
  },
};

export function capitalize(text: string): string {
  const [first = '', ...rest] = Array.from(text);
  return first.toUpperCase() + rest.join('').toLowerCase();
}

/** Removes characters from the ends: those of `characters`, or white space. */
export function strip(text: string, characters: string | undefined, left: boolean, right: boolean): string {
  const space = new RegExp(PYTHON_SPACE);
  const set = characters === undefined ? undefined : new Set(characters);
  const goes = (character: string): boolean => (set ? set.has(character) : space.test(character));
  const all = Array.from(text);
  let begin = 0;
  let end = all.length;
  while (left && begin < end && goes(all[begin] ?? '')) begin++;
  while (right && end > begin && goes(all[end - 1] ?? '')) end--;
  return all.slice(begin, end).join('');
}

export function replaceText(text: string, old: string, fresh: string, count: Value | undefined): string {
  const most = count === undefined || count === null ? -1 : integer('replace', count);
  if (most < 0) return text.replaceAll(old, () => fresh);
  let result = '';
  let rest = text;
  for (let i = 0; i < most; i++) {
    const at = rest.indexOf(old);
    if (at < 0 || (old === '' && rest === '')) break;
    result += rest.slice(0, at) + fresh + (old === '' ? (Array.from(rest)[0] ?? '') : '');
    rest = rest.slice(old === '' ? (Array.from(rest)[0] ?? '').length : at + old.length);
  }
  return result + rest;
}

export function integer(what: string, value: Value | undefined): number {
  const number = typeof value === 'boolean' ? Number(value) : value;
  if (typeof number === 'number') return number;
  if (value instanceof Undefined) throw value.error();
  throw new JinjaError(message('jinja_needs', { what, wanted: 'integer' }));
}

export function needText(what: string, value: Value | undefined): string {
  if (typeof value === 'string') return value;
  if (value instanceof Undefined) throw value.error();
  throw new JinjaError(message('jinja_needs', { what, wanted: 'text', type: typeName(value ?? null) }));
}

function charactersOf(what: string, given: Given): string | undefined {
  const characters = bind(what, ['chars'], given).get('chars') ?? null;
  return characters === null ? undefined : needText(what, characters);
}

function textArgument(what: string, given: Given): string {
  return needText(what, bind(what, ['value'], given).get('value'));
}

function edge(
  text: string,
  what: string,
  given: Given,
  matches: (whole: string, part: string) => boolean,
): boolean {
  const wanted = bind(what, ['prefix'], given).get('prefix') ?? null;
  const parts = wanted instanceof Tuple ? wanted.items : [wanted];
  return parts.some((part) => matches(text, needText(what, part)));
}

function splitText(text: string, given: Given, fromRight = false): Value[] {
  const bound = bind('split', ['sep', 'maxsplit'], given);
  const separator = bound.get('sep') ?? null;
  const most = bound.has('maxsplit') ? integer('split', bound.get('maxsplit')) : -1;
  const limit = most < 0 ? Infinity : most;
  if (separator === null) return splitSpaces(text, limit, fromRight);
  const mark = needText('split', separator);
  if (mark === '') throw new JinjaError(message('jinja_needs', { what: 'split', wanted: 'separator' }));
  const parts = text.split(mark);
  if (parts.length - 1 <= limit) return parts;
  if (fromRight) {
    const kept = parts.length - limit;
    return [parts.slice(0, kept).join(mark), ...parts.slice(kept)];
  }
  return [...parts.slice(0, limit), parts.slice(limit).join(mark)];
}

function splitSpaces(text: string, limit: number, fromRight: boolean): string[] {
  const words = [...text.matchAll(new RegExp(`(?:(?!${PYTHON_SPACE})[\\s\\S])+`, 'g'))];
  if (words.length <= limit) return words.map(([word]) => word);
  if (fromRight && words.length > 0) {
    const kept = words.length - limit;
    const last = words[kept - 1];
    const head = last ? text.slice(0, last.index + last[0].length) : '';
    return [strip(head, undefined, false, true), ...words.slice(kept).map(([word]) => word)];
  }
  const tail = words.length === 0 ? [] : [text.slice(words[limit]?.index)];
  return [...words.slice(0, limit).map(([word]) => word), ...tail];
}

/** Index in characters; -1 if the text does not occur. */
function position(text: string, what: 'find' | 'rfind' | 'index', given: Given): number {
  const part = textArgument(what, given);
  const at = what === 'rfind' ? text.lastIndexOf(part) : text.indexOf(part);
  return at < 0 ? -1 : Array.from(text.slice(0, at)).length;
}

/** Throws if an index is -1, that is if the text was not found. */
export function found(at: number): number {
  if (at < 0) throw new JinjaError(message('jinja_text_missing'));
  return at;
}

function missing(text: string, what: string, given: Given): number {
  const width = integer(what, bind(what, ['width', 'fillchar'], given).get('width'));
  const lacking = Math.max(0, width - Array.from(text).length);
  takeUnits(lacking);
  return lacking;
}

function fill(what: string, given: Given): string {
  return needText(what, bind(what, ['width', 'fillchar'], given).get('fillchar') ?? ' ');
}

/** Replaces `{}`, `{0}` and `{name}`; format specifications are not supported. */
function formatText(text: string, { positional, named }: Given): string {
  let next = 0;
  return text.replace(/\{\{|\}\}|\{(\w*)\}|[{}]/g, (whole, field?: string) => {
    if (whole === '{{' || whole === '}}') return whole.charAt(0);
    if (field === undefined)
      throw new JinjaError(message('jinja_unsupported', { feature: 'formatOf', name: whole }));
    const value = /^\d*$/.test(field) ? positional[field === '' ? next++ : Number(field)] : named.get(field);
    if (value === undefined) throw new JinjaError(message('jinja_format_value', { field }));
    return textOf(value);
  });
}

/** Python's `text % values`: `%s`, `%d`, `%i`, `%x` and `%f`, with a width, a precision and the flags `-` and `0`. */
export function percentFormat(text: string, values: Value): string {
  takeUnits(text.length);
  const given = values instanceof Tuple ? [...values.items] : [values];
  const pattern = /%(?:%|([-0]*)([1-9]\d*|)(?:\.(\d+))?([sdifx])|)/g;
  const formatted = text.replace(
    pattern,
    (whole, flags = '', width = '', precision?: string, kind?: string) => {
      if (whole === '%%') return '%';
      if (kind === undefined)
        throw new JinjaError(
          message('jinja_unsupported', { feature: 'formatOf', name: JSON.stringify(text) }),
        );
      const value = given.shift();
      if (value === undefined) throw new JinjaError(message('jinja_format_few'));
      const digits = precision === undefined ? undefined : Number(precision);
      const written = kind === 's' ? sliceCharacters(textOf(value), digits) : numberText(value, kind, digits);
      return padded(written, String(flags), Number(width), kind !== 's');
    },
  );
  if (given.length > 0) throw new JinjaError(message('jinja_format_many'));
  return formatted;
}

function sliceCharacters(text: string, count: number | undefined): string {
  return count === undefined ? text : Array.from(text).slice(0, count).join('');
}

function numberText(value: Value, kind: string, digits: number | undefined): string {
  const number = numeric(value);
  if (number === undefined)
    throw new JinjaError(message('jinja_needs', { what: `%${kind}`, wanted: 'number' }));
  if (kind === 'f') return number.toFixed(Math.min(digits ?? 6, 100));
  if (digits !== undefined)
    throw new JinjaError(message('jinja_unsupported', { feature: 'formatOf', name: `%.${digits}${kind}` }));
  return Math.trunc(number).toString(kind === 'x' ? 16 : 10);
}

function padded(text: string, flags: string, width: number, isNumber: boolean): string {
  const lacking = Math.max(0, Math.min(width, 1_000_000) - Array.from(text).length);
  if (flags.includes('-')) return text + ' '.repeat(lacking);
  if (!isNumber || !flags.includes('0')) return ' '.repeat(lacking) + text;
  const sign = text.startsWith('-') ? '-' : '';
  return sign + '0'.repeat(lacking) + text.slice(sign.length);
}
