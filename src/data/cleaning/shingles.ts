/** Words in a row that a shingle has. */
const WORDS = 5;

const CHARACTER = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]`;

/** A character of a script without spaces between words, or a word of another one. */
const WORD = new RegExp(String.raw`${CHARACTER}|[\p{L}\p{N}](?:(?!${CHARACTER})[\p{L}\p{M}\p{N}])*`, 'gu');

/** The same, or a sign such as + or an emoji. */
const WORD_OR_SIGN = new RegExp(String.raw`${WORD.source}|[\p{S}*/%-]`, 'gu');

/**
 * A hash of 32 bits for each five words in a row, with repetitions; of all words if there are fewer. Chinese, Japanese and
 * similar scripts count each character as a word. Case, punctuation and white space make no
 * difference.
 *
 * @param signs whether signs count as words
 */
export function shinglesOf(text: string, { signs = true } = {}): Uint32Array {
  const form = signs ? WORD_OR_SIGN : WORD;
  const words = Uint32Array.from(text.normalize('NFC').toLowerCase().match(form) ?? [], wordHash);
  if (words.length === 0) return words;
  const shingles = new Uint32Array(Math.max(1, words.length - WORDS + 1));
  for (let at = 0; at < shingles.length; at++) {
    let hash = 0;
    for (const word of words.subarray(at, at + WORDS)) hash = mixed(Math.imul(hash, 0x01000193) ^ word);
    shingles[at] = hash;
  }
  return shingles;
}

/** The size of the intersection over the size of the union; 1 for two empty sets. */
export function jaccard(one: ReadonlySet<number>, other: ReadonlySet<number>): number {
  let both = 0;
  for (const each of one) if (other.has(each)) both++;
  const either = one.size + other.size - both;
  return either === 0 ? 1 : both / either;
}

/** FNV-1a over the UTF-16 units, and a last mixing. */
function wordHash(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return mixed(hash);
}

/** The last mixing of MurmurHash3 (Appleby 2011). */
export function mixed(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
