import { SplitPreTokenizer } from '@huggingface/tokenizers';
import { isRecord } from '../../core/json';
import { typeOf, UnusableComponent, type Component } from './fields';
import { isQuickPattern } from '../../core/pattern_work';
import { message } from '../../core/messages/message';
import { withKnownCategories } from './unicode';

/** Finds the matches of a pattern: begin and end in UTF-16 units, in order. */
export type Finder = (text: string) => readonly (readonly [number, number])[];

/** The pattern of GPT-2's tokenizer; byte-level components with `use_regex` have it built in. */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** Reads the `pattern` of a component: a text, or a regular expression in Oniguruma's syntax. */
export function patternOf(from: Component): Finder {
  const { pattern } = from;
  if (isRecord(pattern)) {
    if (typeof pattern.String === 'string') return findText(pattern.String);
    if (typeof pattern.Regex === 'string') return findRegex(pattern.Regex);
  }
  throw new UnusableComponent(message('tokenizer_pattern', { type: typeOf(from) }));
}

export function findText(wanted: string): Finder {
  return (text) => {
    const found: [number, number][] = [];
    if (wanted === '') return found;
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
      found.push([at, at + wanted.length]);
    }
    return found;
  };
}

/**
 * Makes a finder of an Oniguruma expression. Oniguruma's classes are Unicode's, and its "ignore case" takes the long s
 * (U+017F) for an s; the finder changes the text that it searches to make up for both.
 */
export function findRegex(source: string): Finder {
  const regex = compiled(source);
  const ignoresCase = source.includes('(?i');
  return (text) => {
    const known = withKnownCategories(text);
    const searched = ignoresCase ? known.replaceAll('\u017f', 's') : known;
    return Array.from(
      searched.matchAll(regex),
      ({ 0: match, index }) => [index, index + match.length] as const,
    );
  };
}

/** Finds numeric characters by the newest Unicode tables: Python's component for digits uses no regular expression. */
export const findNumerals: Finder = (text) =>
  Array.from(text.matchAll(/\p{N}/gu), ({ 0: match, index }) => [index, index + match.length] as const);

function compiled(source: string): RegExp {
  try {
    const settings = { type: 'Split', behavior: 'Isolated', invert: false } as const;
    const { pattern } = new SplitPreTokenizer({ ...settings, pattern: { Regex: source } });
    if (pattern && isQuickPattern(pattern.source)) return pattern;
    if (pattern) {
      throw new UnusableComponent(message('tokenizer_pattern_endless', { pattern: shown(source) }));
    }
  } catch (cause) {
    if (cause instanceof UnusableComponent) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UnusableComponent(message('tokenizer_pattern_unknown', { pattern: shown(source), why }), {
      cause,
    });
  }
  throw new UnusableComponent(message('tokenizer_pattern_unknown', { pattern: shown(source) }));
}

function shown(source: string): string {
  return JSON.stringify(source.length > 200 ? `${source.slice(0, 200)}…` : source);
}
