import { TunesmithError } from '../../core/errors';
import { component, components, flag, text as textOf, typeOf, unknownType, type Component } from './fields';
import { patternOf } from './patterns';
import { normalizeAs } from './unicode';

export type Normalizer = (text: string) => string;

/** @throws UnusableComponent if no supported model has a normalizer of its type */
export function readNormalizer(value: unknown): Normalizer {
  const part = component(value, 'normalizer');
  if (!part) return (text) => text;
  const normalize = normalizer(part);
  return (text) => bounded(normalize(text), text);
}

function normalizer(part: Component): Normalizer {
  switch (typeOf(part)) {
    case 'Sequence': {
      const parts = components(part.normalizers, 'normalizer').map(normalizer);
      return (text) => parts.reduce((normalized, apply) => bounded(apply(normalized), text), text);
    }
    case 'NFC':
      return (text) => normalizeAs('NFC', text);
    case 'NFD':
      return (text) => normalizeAs('NFD', text);
    case 'NFKC':
      return (text) => normalizeAs('NFKC', text);
    case 'NFKD':
      return (text) => normalizeAs('NFKD', text);
    case 'Prepend': {
      const prepended = textOf(part, 'prepend');
      return (text) => (text === '' ? text : prepended + text);
    }
    case 'Replace':
      return replacer(part);
    case 'Lowercase':
      return (text) => text.toLowerCase();
    case 'Strip': {
      const left = flag(part, 'strip_left', true);
      const right = flag(part, 'strip_right', true);
      return (text) => {
        const begun = left ? text.replace(/^\p{White_Space}+/u, '') : text;
        return right ? begun.replace(/\p{White_Space}+$/u, '') : begun;
      };
    }
    default:
      throw unknownType(part, 'normalizer');
  }
}

/** Most characters that a normalizer may make of one; NFKD makes up to 18. */
const MOST_OF_ONE = 64;
/** Most characters that it may add to any text. */
const MOST_ADDED = 1024;

function bounded(normalized: string, text: string): string {
  checkGrowth(normalized.length, text);
  return normalized;
}

function checkGrowth(length: number, text: string): void {
  if (length <= MOST_OF_ONE * text.length + MOST_ADDED) return;
  throw new TunesmithError({
    code: 'tokenizer_grows',
    values: { from: text.length, to: length },
  });
}

/** The component `Replace` of normalizers and decoders. */
export function replacer(part: Component): (text: string) => string {
  const find = patternOf(part);
  const content = textOf(part, 'content');
  return (text) => {
    let replaced = '';
    let done = 0;
    const found = find(text);
    const removed = found.reduce((sum, [begin, end]) => sum + end - begin, 0);
    checkGrowth(text.length - removed + found.length * content.length, text);
    for (const [begin, end] of found) {
      replaced += text.slice(done, begin) + content;
      done = end;
    }
    return replaced + text.slice(done);
  };
}
