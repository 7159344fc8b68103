import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Tokenizer } from '../../src/data/tokenizer';

/** The values that tests/tokenizers/make_fixtures.py had from Python. */
export interface Expected {
  readonly hard: readonly string[];
  readonly alphabet: readonly string[];
  readonly families: Readonly<Record<string, FamilyExpected>>;
}

export interface FamilyExpected {
  readonly before: readonly number[];
  readonly hard: readonly (readonly number[])[];
  readonly decoded: readonly string[];
  readonly random: Checksums;
}

export interface Checksums {
  readonly texts: string;
  readonly decoded: string;
  readonly without_special: string;
}

export const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
export const expected = fixture('expected') as Expected;

/** The generator mulberry32: draws what make_fixtures.py drew. */
export function drawer(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) * limit) / 2 ** 32);
  };
}

export function randomTexts(count: number): string[] {
  const draw = drawer(1);
  const { alphabet } = expected;
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + draw(24) }, () => alphabet[draw(alphabet.length)]).join(''),
  );
}

export function randomIds(count: number, size: number): number[][] {
  const draw = drawer(2);
  return Array.from({ length: count }, () => Array.from({ length: 1 + draw(20) }, () => draw(size + 3)));
}

export function checksum(numbers: readonly number[]): string {
  let value = 0x811c9dc5;
  for (const number of numbers) value = Math.imul(value ^ number, 0x01000193);
  return (value & 0x3fffffff).toString(32).padStart(6, '0');
}

export const points = (text: string): number[] =>
  Array.from(text, (character) => character.codePointAt(0) ?? 0);

/** Compares text by text, so that a difference shows the first few texts that differ. */
export function expectChecksums(
  sums: string,
  count: number,
  check: (index: number) => { sum: string; shown: unknown },
) {
  expect(sums.length).toBe(6 * count);
  const wrong: unknown[] = [];
  for (let index = 0; index < count && wrong.length < 5; index++) {
    const { sum, shown } = check(index);
    if (sum !== sums.slice(6 * index, 6 * index + 6)) wrong.push(shown);
  }
  expect(wrong).toEqual([]);
}

export function expectRandom(tokenizer: Tokenizer, random: Checksums, skips = [false, true]): void {
  const texts = randomTexts(random.texts.length / 6);
  expectChecksums(random.texts, texts.length, (index) => {
    const text = texts[index] ?? '';
    const ids = tokenizer.encode(text);
    return { sum: checksum(ids), shown: { text: JSON.stringify(text), ids } };
  });
  const ids = randomIds(random.decoded.length / 6, tokenizer.vocabSize);
  for (const skipSpecialTokens of skips) {
    expectChecksums(skipSpecialTokens ? random.without_special : random.decoded, ids.length, (index) => {
      const some = ids[index] ?? [];
      const text = tokenizer.decode(some, { skipSpecialTokens });
      return { sum: checksum(points(text)), shown: { ids: some, text } };
    });
  }
}
