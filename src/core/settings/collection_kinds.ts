/** Kinds of values that hold several others: lists, and values by a name. */
import { isRecord } from '../json';
import { message } from '../messages/message';
import { NONE, whole, type Kind } from './kind';

/** A module's name, or the end of its path. */
const modulePath = /^\w+(\.\w+)*$/;

/** Linear maps of a model: 'all-linear', or names between commas. Which names exist depends on the model. */
export function modules(): Kind<'all-linear' | readonly string[]> {
  const isName = (name: unknown): name is string => typeof name === 'string' && modulePath.test(name);
  return {
    range: message('range_modules'),
    control: { type: 'modules' },
    read: (value) => {
      if (value === 'all-linear') return { value };
      if (!Array.isArray(value) || value.length === 0 || !value.every(isName)) return undefined;
      return new Set(value).size === value.length ? { value } : undefined;
    },
    fromText: (text) => (text.trim() === 'all-linear' ? 'all-linear' : partsOf(text)),
    toText: (value) => (typeof value === 'string' ? value : value.join(',')),
  };
}

/** A list of different whole numbers, between commas; one number stands for a list of one. */
export function wholes(from: number, most: number): Kind<readonly number[]> {
  const each = whole(from, most);
  return {
    range: message('range_wholes', { from, most }),
    control: { type: 'text', examples: [`${from}`, `${from},${Math.min(from + 2, most)}`] },
    read: (value) => {
      const list: unknown[] = Array.isArray(value) ? value : [value];
      const read = list.flatMap((item) => each.read(item)?.value ?? []);
      const isWhole = read.length === list.length && read.length > 0 && new Set(read).size === read.length;
      return isWhole ? { value: read } : undefined;
    },
    fromText: (text) => partsOf(text).map((part) => each.fromText(part)),
    toText: (value) => value.join(','),
  };
}

/**
 * A list of texts, or the word `found` for texts that come from elsewhere. Written as JSON, or as one text a line;
 * "none" for an empty list.
 */
export function texts<const Found extends string>(
  found: Found,
  { most, longest }: { readonly most: number; readonly longest: number },
): Kind<Found | readonly string[]> {
  return {
    range: message('range_texts', { found, none: NONE, most, longest }),
    control: { type: 'text', examples: [found, NONE, '["Who are you?","What can you do?"]'] },
    read: (value) => {
      if (value === found) return { value: found };
      if (!Array.isArray(value) || value.length > most) return undefined;
      const list = value.flatMap((each: unknown) => (typeof each === 'string' ? each.trim() : []));
      const isGood =
        list.length === value.length &&
        list.every((text) => text !== '' && text.length <= longest) &&
        new Set(list).size === list.length;
      return isGood ? { value: list } : undefined;
    },
    fromText: (text) => {
      const trimmed = text.trim();
      if (trimmed === found) return found;
      if (isNone(text)) return [];
      const lines = trimmed.split('\n').map((line) => line.trim());
      if (!trimmed.startsWith('[')) return lines.filter((line) => line !== '');
      try {
        return JSON.parse(trimmed) as unknown;
      } catch {
        return trimmed;
      }
    },
    toText: (value) => {
      if (typeof value === 'string') return value;
      return value.length === 0 ? NONE : JSON.stringify(value);
    },
  };
}

/** A list of different names, between commas; "none" for an empty list. */
export function names(): Kind<readonly string[]> {
  return {
    range: message('range_names', { none: NONE }),
    control: { type: 'text', examples: [NONE, 'identity', 'identity,alpaca_en_demo'] },
    read: (value) => {
      if (!Array.isArray(value)) return undefined;
      const isGood = value.every(
        (each) => typeof each === 'string' && each !== '' && !/^\s|\s$|,/.test(each),
      );
      return isGood && new Set(value).size === value.length ? { value: value as string[] } : undefined;
    },
    fromText: (text) => (isNone(text) ? [] : partsOf(text)),
    toText: (value) => (value.length === 0 ? NONE : value.join(',')),
  };
}

/** A list of numbers, between commas; "none" for an empty list. */
export function numbers(each: Kind<number>): Kind<readonly number[]> {
  return {
    range: message('range_numbers', { range: each.range, none: NONE }),
    control: { type: 'text', examples: [NONE, '0.7,0.3'] },
    read: (value) => {
      if (!Array.isArray(value)) return undefined;
      const read = value.flatMap((item) => each.read(item)?.value ?? []);
      return read.length === value.length ? { value: read } : undefined;
    },
    fromText: (text) => (isNone(text) ? [] : partsOf(text).map((part) => each.fromText(part))),
    toText: (value) => (value.length === 0 ? NONE : value.join(',')),
  };
}

/** Texts by a name: written as `name=Ada,author=Acme`, or as JSON if one of them has a comma or an equals sign. */
export function textsByName(): Kind<Readonly<Record<string, string>>> {
  const isGood = (text: unknown): boolean => typeof text === 'string' && text.trim() !== '';
  return {
    range: message('range_texts_by_name'),
    control: { type: 'text', examples: ['{}', 'name=Ada,author=Acme', '{"name":"Ada, the helper"}'] },
    // Sorted, because two orders must not count as two values.
    read: (value) => {
      if (!isRecord(value) || !Object.entries(value).flat().every(isGood)) return undefined;
      const texts = value as Readonly<Record<string, string>>;
      const sorted = Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1));
      return { value: Object.fromEntries(sorted) };
    },
    fromText: (text) => pairsFromText(text, (each) => each.trim()),
    toText: (value) => {
      const entries = Object.entries(value);
      const isPlain = (part: string): boolean => part === part.trim() && !/[,={}]/.test(part);
      return entries.length > 0 && entries.flat().every(isPlain)
        ? entries.map((entry) => entry.join('=')).join(',')
        : JSON.stringify(value);
    },
  };
}

/** The object that `a=1,b=2` or a JSON text stands for; the text itself if it is neither. */
function pairsFromText(text: string, valueOf: (text: string) => unknown): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return {};
  if (trimmed.startsWith('{')) {
    try {
      return JSON.parse(trimmed) as unknown;
    } catch {
      return trimmed;
    }
  }
  const pairs = trimmed.split(',').map((part) => part.split('='));
  const isGood =
    pairs.every(({ length }) => length === 2) && new Set(pairs.map(([name]) => name)).size === pairs.length;
  if (!isGood) return trimmed;
  return Object.fromEntries(pairs.map(([name = '', each = '']) => [name.trim(), valueOf(each)]));
}

/**
 * Numbers by a name or a pattern of names, as PEFT's `rank_pattern`: written as JSON, or `q_proj=8,v_proj=4` if no name
 * has a comma or an equals sign. Empty: {}.
 */
export function numbersByPattern(kind: Kind<number>): Kind<Readonly<Record<string, number>>> {
  return {
    range: message('range_numbers_by_pattern', { range: kind.range }),
    control: {
      type: 'text',
      examples: ['{}', 'q_proj=8,v_proj=4', '{"^.*\\\\.[0-2],q_proj$":8}'],
    },
    read: (value) => {
      if (!isRecord(value)) return undefined;
      const read = Object.entries(value).flatMap(([name, each]) => {
        const result = name.trim() === '' ? undefined : kind.read(each);
        return result ? [[name, result.value] as const] : [];
      });
      return read.length === Object.keys(value).length ? { value: Object.fromEntries(read) } : undefined;
    },
    fromText: (text) => pairsFromText(text, (each) => kind.fromText(each)),
    toText: (value) => {
      const entries = Object.entries(value);
      const isPlain = entries.length > 0 && entries.every(([name]) => /^[^\s,={}]+$/.test(name));
      return isPlain ? entries.map(([name, each]) => `${name}=${each}`).join(',') : JSON.stringify(value);
    },
  };
}

/** Whether a text stands for an empty list. */
function isNone(text: string): boolean {
  return /^(?:none|)$/i.test(text.trim());
}

function partsOf(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}
