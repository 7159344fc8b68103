import { component, components, flag, text as textOf, typeOf, unknownType, type Component } from './fields';
import { patternOf } from './patterns';
import { normalizeAs } from './unicode';

export type Normalizer = (text: string) => string;

/** @throws UnusableComponent where it is of a kind that no supported model has */
export function readNormalizer(value: unknown): Normalizer {
  const part = component(value, 'normalizer');
  return part ? normalizer(part) : (text) => text;
}

function normalizer(part: Component): Normalizer {
  switch (typeOf(part)) {
    case 'Sequence': {
      const parts = components(part.normalizers, 'normalizer').map(normalizer);
      return (text) => parts.reduce((normalized, apply) => apply(normalized), text);
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

/** `Replace`, as normalizers and decoders have it. */
export function replacer(part: Component): (text: string) => string {
  const find = patternOf(part);
  const content = textOf(part, 'content');
  return (text) => {
    let replaced = '';
    let done = 0;
    for (const [begin, end] of find(text)) {
      replaced += text.slice(done, begin) + content;
      done = end;
    }
    return replaced + text.slice(done);
  };
}
