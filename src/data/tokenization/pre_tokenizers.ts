import { toByteCharacters } from './byte_characters';
import {
  component,
  components,
  flag,
  text as textOf,
  typeOf,
  UnusableComponent,
  unknownType,
  type Component,
} from './fields';
import { findNumerals, findRegex, findText, GPT2_PATTERN, patternOf, type Finder } from './patterns';
import { message } from '../../core/messages/message';

/** A part of a text on its way to the model. */
export interface Piece {
  readonly text: string;
  /** Whether it is the beginning of the whole text. */
  readonly first: boolean;
}

export type PreTokenizer = (pieces: readonly Piece[]) => readonly Piece[];

/** @throws UnusableComponent if no supported model has a pre-tokenizer of its type */
export function readPreTokenizer(value: unknown): PreTokenizer {
  const part = component(value, 'pre_tokenizer');
  return part ? preTokenizer(part) : (pieces) => pieces;
}

/** `\w` of Rust's `regex`, after UTS 18: it includes the joiners U+200C and U+200D, and no numerals but digits. */
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d';

function preTokenizer(part: Component): PreTokenizer {
  switch (typeOf(part)) {
    case 'Sequence': {
      const parts = components(part.pretokenizers, 'pre_tokenizer').map(preTokenizer);
      return (pieces) => parts.reduce((split, apply) => apply(split), pieces);
    }
    case 'Split':
      return splitter(patternOf(part), textOf(part, 'behavior'), flag(part, 'invert', false));
    case 'Digits':
      return splitter(findNumerals, flag(part, 'individual_digits', false) ? 'Isolated' : 'Contiguous');
    case 'ByteLevel':
      return byteLevel(part);
    case 'Metaspace':
      return metaspace(part);
    case 'Punctuation':
      return splitter(findRegex('[\\p{P}!-/:-@\\[-`{-~]'), textOf(part, 'behavior', 'Isolated'));
    case 'Whitespace':
      return splitter(findRegex(`[${WORD}]+|[^${WORD}\\s]+`), 'Removed', true);
    case 'WhitespaceSplit':
      return splitter(findRegex('\\s'), 'Removed');
    default:
      throw unknownType(part, 'pre_tokenizer');
  }
}

function byteLevel(part: Component): PreTokenizer {
  const addPrefixSpace = flag(part, 'add_prefix_space', true);
  const split = flag(part, 'use_regex', true) ? splitter(findRegex(GPT2_PATTERN), 'Isolated') : undefined;
  return (pieces) => {
    const spaced = addPrefixSpace
      ? pieces.map((piece) => (piece.text.startsWith(' ') ? piece : { ...piece, text: ` ${piece.text}` }))
      : pieces;
    const parts = split ? split(spaced) : spaced;
    return parts.map(({ text, first }) => ({ text: toByteCharacters(text), first }));
  };
}

/** Writes spaces as `replacement` and adds one before the text (`prepend_scheme`), as SentencePiece does. */
function metaspace(part: Component): PreTokenizer {
  const replacement = textOf(part, 'replacement', '\u2581');
  const scheme = textOf(part, 'prepend_scheme', 'always').toLowerCase();
  if (scheme !== 'always' && scheme !== 'first' && scheme !== 'never') {
    throw new UnusableComponent(message('tokenizer_scheme', { scheme: JSON.stringify(scheme) }));
  }
  const split = flag(part, 'split', true) ? splitter(findText(replacement), 'MergedWithNext') : undefined;
  return (pieces) => {
    const replaced = pieces.map(({ text, first }) => {
      const marked = text.replaceAll(' ', replacement);
      const prepended = scheme === 'always' || (scheme === 'first' && first);
      return { text: prepended && !marked.startsWith(replacement) ? replacement + marked : marked, first };
    });
    return split ? split(replaced) : replaced;
  };
}

/**
 * Splits a text at matches. `behavior` says what becomes of a match: a piece of its own, part of the piece before or
 * after it, one piece with adjacent matches, or nothing.
 */
function splitter(find: Finder, behavior: string, invert = false): PreTokenizer {
  const name = behavior.toLowerCase().replaceAll('_', '');
  const combine = Object.hasOwn(combinations, name) ? combinations[name] : undefined;
  if (!combine)
    throw new UnusableComponent(message('tokenizer_behavior', { behavior: JSON.stringify(behavior) }));
  return (pieces) =>
    pieces.flatMap(({ text, first }) =>
      combine(rangesOf(text, find, invert)).flatMap(({ begin, end }) =>
        begin === end ? [] : [{ text: text.slice(begin, end), first: first && begin === 0 }],
      ),
    );
}

interface Range {
  readonly begin: number;
  readonly end: number;
  readonly matched: boolean;
}

/** The whole text in ranges: matches, and what lies between. */
function rangesOf(text: string, find: Finder, invert: boolean): readonly Range[] {
  const ranges: Range[] = [];
  let done = 0;
  for (const [begin, end] of find(text)) {
    if (done < begin) ranges.push({ begin: done, end: begin, matched: invert });
    ranges.push({ begin, end, matched: !invert });
    done = end;
  }
  if (done < text.length) ranges.push({ begin: done, end: text.length, matched: invert });
  return ranges;
}

const combinations: Readonly<Record<string, (ranges: readonly Range[]) => readonly Range[]>> = {
  isolated: (ranges) => ranges,
  removed: (ranges) => ranges.filter(({ matched }) => !matched),
  contiguous: (ranges) => joined(ranges, (before, range) => before.matched === range.matched),
  mergedwithprevious: (ranges) => joined(ranges, (before, range) => range.matched && !before.matched),
  mergedwithnext: (ranges) => joined(ranges, (before, range) => before.matched && !range.matched),
};

/** Joins a range to the one before it if `together` says so. */
function joined(
  ranges: readonly Range[],
  together: (before: Range, range: Range) => boolean,
): readonly Range[] {
  const parts: Range[] = [];
  ranges.forEach((range, index) => {
    const before = ranges[index - 1];
    const last = parts.at(-1);
    if (before && last && together(before, range)) parts[parts.length - 1] = { ...last, end: range.end };
    else parts.push(range);
  });
  return parts;
}
