import { fromByteCharacters } from './byte_characters';
import { component, components, count, text as textOf, typeOf, unknownType, type Component } from './fields';
import { replacer } from './normalizers';

/** Turns tokens into the parts of a text, which the caller joins. */
export type Decoder = (tokens: readonly string[]) => readonly string[];

/** @throws UnusableComponent if no supported model has a decoder of its type */
export function readDecoder(value: unknown): Decoder {
  const part = component(value, 'decoder');
  return part ? decoder(part) : (tokens) => [tokens.join(' ')];
}

function decoder(part: Component): Decoder {
  switch (typeOf(part)) {
    case 'Sequence': {
      const parts = components(part.decoders, 'decoder').map(decoder);
      return (tokens) => parts.reduce((decoded, apply) => apply(decoded), tokens);
    }
    case 'ByteLevel':
      return byteLevel;
    case 'ByteFallback':
      return byteFallback;
    case 'Fuse':
      return (tokens) => [tokens.join('')];
    case 'Replace': {
      const replace = replacer(part);
      return (tokens) => tokens.map(replace);
    }
    case 'Strip':
      return strip(textOf(part, 'content'), count(part, 'start'), count(part, 'stop'));
    case 'Metaspace': {
      const replacement = textOf(part, 'replacement', '\u2581');
      const never = textOf(part, 'prepend_scheme', 'always').toLowerCase() === 'never';
      return (tokens) =>
        tokens.map((token, index) => token.replaceAll(replacement, index > 0 || never ? ' ' : ''));
    }
    default:
      throw unknownType(part, 'decoder');
  }
}

const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

function byteLevel(tokens: readonly string[]): readonly string[] {
  const bytes: number[] = [];
  for (const token of tokens) for (const byte of fromByteCharacters(token)) bytes.push(byte);
  return [lossy.decode(Uint8Array.from(bytes))];
}

/** Decodes runs of `<0xE4>` and the like; in a run that is no UTF-8, every byte becomes U+FFFD. */
function byteFallback(tokens: readonly string[]): readonly string[] {
  const decoded: string[] = [];
  let run: number[] = [];
  const finish = (): void => {
    if (run.length === 0) return;
    try {
      decoded.push(strict.decode(Uint8Array.from(run)));
    } catch {
      decoded.push(...run.map(() => '\ufffd'));
    }
    run = [];
  };
  for (const token of tokens) {
    const digits = /^<0x([\dA-Fa-f]{2})>$/.exec(token)?.[1];
    if (digits !== undefined) {
      run.push(parseInt(digits, 16));
      continue;
    }
    finish();
    decoded.push(token);
  }
  finish();
  return decoded;
}

/** Removes `content` up to `start` times from the beginning of each token, and up to `stop` times from its end. */
function strip(content: string, start: number, stop: number): Decoder {
  return (tokens) =>
    tokens.map((token) => {
      const characters = Array.from(token);
      let begin = 0;
      let end = characters.length;
      while (begin < start && characters[begin] === content) begin++;
      while (characters.length - end < stop && end > begin && characters[end - 1] === content) end--;
      return characters.slice(begin, end).join('');
    });
}
