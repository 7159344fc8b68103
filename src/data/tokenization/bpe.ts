import { component, flag, isTokenId, typeOf, UnusableComponent, type Component } from './fields';
import { message } from '../../core/messages/message';

/** The ids of texts up to this length are cached, because most of them occur again. */
const LONGEST_REMEMBERED = 64;
const MOST_REMEMBERED = 50_000;

/** Byte-pair encoding: joins pairs of neighbouring symbols, in the order in which the pairs were learnt. */
export interface BytePairModel {
  readonly vocabulary: ReadonlyMap<string, number>;
  /**
   * @param onUnknown called with a character that has no token, if the model has no token for unknown ones; may throw
   */
  encode(text: string, onUnknown: (character: string) => void): readonly number[];
}

/** @throws UnusableComponent if it is no BPE model, or if a merge has a part or a result outside of its vocabulary */
export function readBytePairModel(value: unknown): BytePairModel {
  const part = component(value, 'model');
  if (!part) throw new UnusableComponent(message('tokenizer_no_model'));
  const type = part.type ?? ('merges' in part ? 'BPE' : undefined); // old files name no type
  if (type !== 'BPE') throw new UnusableComponent(message('tokenizer_model_type', { type: typeOf(part) }));
  const vocabulary = readVocabulary(part.vocab);
  const optional = (field: string): string => (typeof part[field] === 'string' ? part[field] : '');
  const prefix = optional('continuing_subword_prefix');
  const suffix = optional('end_of_word_suffix');
  const merges = readMerges(part, vocabulary, prefix.length);
  const wholeFirst = flag(part, 'ignore_merges', false);
  const bytes = flag(part, 'byte_fallback', false) ? byteIds(vocabulary) : undefined;
  const fuse = flag(part, 'fuse_unk', false);
  const unknown = typeof part.unk_token === 'string' ? vocabulary.get(part.unk_token) : undefined;
  const remembered = new Map<string, readonly number[]>();
  const encoder = new TextEncoder();

  /** The symbols that merging begins with. A run of unknown characters is added when it ends. */
  function symbolsOf(text: string, onUnknown: (character: string) => void): number[] {
    const symbols: number[] = [];
    let unknowns = 0;
    const characters = Array.from(text);
    characters.forEach((character, index) => {
      const symbol = `${index > 0 ? prefix : ''}${character}${index === characters.length - 1 ? suffix : ''}`;
      const id = vocabulary.get(symbol);
      if (id !== undefined) {
        if (unknowns > 0 && unknown !== undefined) symbols.push(unknown);
        unknowns = 0;
        symbols.push(id);
        return;
      }
      const fallback = bytes && Array.from(encoder.encode(symbol), (byte) => bytes[byte] ?? -1);
      if (fallback && !fallback.includes(-1)) {
        symbols.push(...fallback);
      } else if (unknown === undefined) {
        onUnknown(character);
      } else {
        if (unknowns > 0 && !fuse) symbols.push(unknown);
        unknowns++;
      }
    });
    if (unknowns > 0 && unknown !== undefined) symbols.push(unknown);
    return symbols;
  }

  function encode(text: string, onUnknown: (character: string) => void): readonly number[] {
    if (text === '') return [];
    const known = remembered.get(text);
    if (known) return known;
    const whole = wholeFirst ? vocabulary.get(text) : undefined;
    const ids = whole === undefined ? merged(symbolsOf(text, onUnknown), merges) : [whole];
    if (text.length <= LONGEST_REMEMBERED) {
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      remembered.set(text, ids);
    }
    return ids;
  }

  return { vocabulary, encode };
}

function readVocabulary(value: unknown): ReadonlyMap<string, number> {
  const entries = component(value, 'vocabulary');
  if (!entries) throw new UnusableComponent(message('tokenizer_no_vocabulary'));
  const vocabulary = new Map<string, number>();
  for (const [token, id] of Object.entries(entries)) {
    if (!isTokenId(id))
      throw new UnusableComponent(message('tokenizer_no_id', { token: JSON.stringify(token) }));
    vocabulary.set(token, id);
  }
  return vocabulary;
}

/** The merges, by pair of ids: `left * size + right`. */
interface Merges {
  readonly size: number;
  readonly rank: ReadonlyMap<number, number>;
  /** By rank. */
  readonly result: Uint32Array;
}

function readMerges(part: Component, vocabulary: ReadonlyMap<string, number>, prefixLength: number): Merges {
  const { merges } = part;
  if (!Array.isArray(merges)) throw new UnusableComponent(message('tokenizer_no_merges'));
  let size = 1;
  for (const id of vocabulary.values()) size = Math.max(size, id + 1);
  const rank = new Map<number, number>();
  const result = new Uint32Array(merges.length);
  const idOf = (token: string, line: number): number => {
    const id = vocabulary.get(token);
    if (id !== undefined) return id;
    throw new UnusableComponent(
      message('tokenizer_merge_token', { line: line + 1, token: JSON.stringify(token) }),
    );
  };
  (merges as unknown[]).forEach((merge, line) => {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge;
    const [left, right, ...rest] = Array.isArray(pair) ? (pair as unknown[]) : [];
    if (typeof left !== 'string' || typeof right !== 'string' || rest.length > 0) {
      throw new UnusableComponent(message('tokenizer_merge_pair', { line: line + 1 }));
    }
    rank.set(idOf(left, line) * size + idOf(right, line), line);
    result[line] = idOf(left + right.slice(prefixLength), line);
  });
  return { size, rank, result };
}

/** The ids of `<0x00>` to `<0xFF>`; -1 if the vocabulary lacks one. */
function byteIds(vocabulary: ReadonlyMap<string, number>): readonly number[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const token = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    return vocabulary.get(token) ?? -1;
  });
}

/**
 * A number up to 2^53 holds a rank and a place, so that a heap of numbers orders merges by rank, then from left to
 * right.
 */
const PLACES = 2 ** 28;

/** Joins pairs of `symbols`, in place, until no pair has a rank. */
function merged(symbols: number[], { size, rank, result }: Merges): readonly number[] {
  const length = symbols.length;
  if (length < 2) return symbols;
  const next = Int32Array.from({ length }, (_, i) => (i + 1 < length ? i + 1 : -1));
  const previous = Int32Array.from({ length }, (_, i) => i - 1);
  const heap = new NumberHeap();
  const rankAt = (place: number): number | undefined => {
    const after = next[place] ?? -1;
    return after < 0 ? undefined : rank.get((symbols[place] ?? -1) * size + (symbols[after] ?? -1));
  };
  const consider = (place: number): void => {
    const found = rankAt(place);
    if (found !== undefined) heap.push(found * PLACES + place);
  };
  for (let place = 0; place + 1 < length; place++) consider(place);

  for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
    const place = top % PLACES;
    const found = (top - place) / PLACES;
    if (symbols[place] === -1) continue; // already joined to the symbol before it
    const now = rankAt(place);
    if (now === undefined || result[now] !== result[found]) continue; // one of the pair has changed meanwhile
    const joined = next[place] ?? -1;
    symbols[place] = result[found] ?? -1;
    symbols[joined] = -1;
    const after = next[joined] ?? -1;
    next[place] = after;
    if (after >= 0) previous[after] = place;
    const before = previous[place] ?? -1;
    if (before >= 0) consider(before);
    consider(place);
  }
  return symbols.filter((symbol) => symbol !== -1);
}

/** A heap that returns the smallest number first. */
class NumberHeap {
  readonly #numbers: number[] = [];

  push(number: number): void {
    const numbers = this.#numbers;
    let at = numbers.push(number) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = numbers[parent] ?? 0;
      if (above <= number) break;
      numbers[at] = above;
      at = parent;
    }
    numbers[at] = number;
  }

  pop(): number | undefined {
    const numbers = this.#numbers;
    const [least] = numbers;
    const last = numbers.pop();
    if (last === undefined || numbers.length === 0) return least;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= numbers.length) break;
      if (child + 1 < numbers.length && (numbers[child + 1] ?? 0) < (numbers[child] ?? 0)) child++;
      const below = numbers[child] ?? 0;
      if (last <= below) break;
      numbers[at] = below;
      at = child;
    }
    numbers[at] = last;
    return least;
  }
}
