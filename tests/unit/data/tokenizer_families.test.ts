import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadTokenizer, type Tokenizer } from '../../../src/data/tokenizer';
import { realFile } from '../real_files';

/** What tests/tokenizers/make_fixtures.py had from Python. */
interface Expected {
  readonly hard: readonly string[];
  readonly alphabet: readonly string[];
  readonly families: Readonly<Record<string, FamilyExpected>>;
}

interface FamilyExpected {
  readonly before: readonly number[];
  readonly hard: readonly (readonly number[])[];
  readonly decoded: readonly string[];
  readonly random: Checksums;
}

interface Checksums {
  readonly texts: string;
  readonly decoded: string;
  readonly without_special: string;
}

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../tokenizers/fixtures/${name}.json`, import.meta.url), 'utf8'));
const expected = fixture('expected') as Expected;

/** The generator mulberry32: draws what make_fixtures.py drew. */
function drawer(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) * limit) / 2 ** 32);
  };
}

function randomTexts(count: number): string[] {
  const draw = drawer(1);
  const { alphabet } = expected;
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + draw(24) }, () => alphabet[draw(alphabet.length)]).join(''),
  );
}

function randomIds(count: number, size: number): number[][] {
  const draw = drawer(2);
  return Array.from({ length: count }, () => Array.from({ length: 1 + draw(20) }, () => draw(size + 3)));
}

function checksum(numbers: readonly number[]): string {
  let value = 0x811c9dc5;
  for (const number of numbers) value = Math.imul(value ^ number, 0x01000193);
  return (value & 0x3fffffff).toString(32).padStart(6, '0');
}

const points = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0) ?? 0);

/** Compares text by text, so that a difference shows the first few texts that differ. */
function expectChecksums(
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

function expectRandom(tokenizer: Tokenizer, random: Checksums, skips = [false, true]): void {
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

describe.each(Object.keys(expected.families))('the tokenizer of %s', (name) => {
  const tokenizer = loadTokenizer(fixture(name));
  const { before, hard, decoded, random } = expected.families[name] as FamilyExpected;

  it('gives the ids of Python on hard texts, and the texts again', () => {
    expected.hard.forEach((text, index) => {
      const ids = tokenizer.encode(text);
      expect(ids, JSON.stringify(text)).toEqual(hard[index]);
      const whole = tokenizer.encode(text, { addSpecialTokens: true });
      expect(whole).toEqual([...before, ...ids]);
      expect(tokenizer.decode(whole), JSON.stringify(text)).toBe(decoded[index]);
    });
  });

  it('gives the ids and texts of Python on random ones', () => {
    // Python does not skip a special token that normalising changes; it is skipped here.
    expectRandom(tokenizer, random, name === 'llama2_normalized' ? [false] : [false, true]);
  });

  it('streams the text that decoding at once gives', () => {
    for (const text of expected.hard.filter((candidate) => !candidate.includes('\ufffd'))) {
      const ids = tokenizer.encode(text);
      const stream = tokenizer.stream();
      expect(ids.map((id) => stream.push(id)).join('') + stream.end(), JSON.stringify(text)).toBe(
        tokenizer.decode(ids),
      );
    }
  });
});

describe('a tokenizer', () => {
  it('takes half a surrogate pair for U+FFFD, as UTF-8 has none', () => {
    const tokenizer = loadTokenizer(fixture('qwen'));
    expect(tokenizer.encode('a\ud83d b\udc00')).toEqual(tokenizer.encode('a\ufffd b\ufffd'));
    expect(tokenizer.decode(tokenizer.encode('\ud800'))).toBe('\ufffd');
  });

  it('adds the tokens that only tokenizer_config.json has', () => {
    const json = fixture('qwen') as Record<string, unknown>;
    const bare = { ...json, added_tokens: [] };
    const size = loadTokenizer(bare).vocabSize;
    const added_tokens_decoder = {
      [size]: { content: '<|im_end|>', special: true },
      [size + 1]: { content: '[x]' },
    };
    const tokenizer = loadTokenizer(bare, { added_tokens_decoder, eos_token: '<|im_end|>' });
    expect(tokenizer.encode('<|im_end|>[x]')).toEqual([size, size + 1]);
    expect(tokenizer.eosId).toBe(size);
    expect(Array.from(tokenizer.specialIds)).toEqual([size]);
  });

  it.each([
    [{ model: { type: 'Unigram', vocab: [] } }, /type Unigram/],
    [{ model: { type: 'BPE', vocab: { a: 0 }, merges: ['a b'] } }, /merge 1 needs "b"/],
    [{ model: { type: 'BPE', vocab: { a: 'x' }, merges: [] } }, /gives "a" no id/],
    [{ normalizer: { type: 'Precompiled' } }, /normalizer Precompiled is not supported/],
    [{ pre_tokenizer: { type: 'UnicodeScripts' } }, /pre_tokenizer UnicodeScripts/],
    [{ pre_tokenizer: { type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated' } }, /pattern "\("/],
    [{ decoder: { type: 'CTC' } }, /decoder CTC/],
    [{ post_processor: { type: 'Magic' } }, /post_processor Magic/],
    [{ added_tokens: [{ content: 'x' }] }, /added token/],
  ])('refuses %j by name', (part, message) => {
    const json = fixture('qwen') as Record<string, unknown>;
    expect(() => loadTokenizer({ ...json, ...part })).toThrow(message);
  });

  it('tokenises a megabyte of Chinese in seconds, with and without words', () => {
    const sentence = '船在海上，灯在塔上。今天的鱼很多，明天的鱼也很多。';
    const text = sentence.repeat(Math.ceil(2 ** 20 / 3 / sentence.length));
    for (const name of ['qwen', 'gemma3', 'llama2']) {
      const tokenizer = loadTokenizer(fixture(name));
      const started = performance.now();
      const ids = tokenizer.encode(text);
      expect(performance.now() - started, name).toBeLessThan(20_000);
      expect(tokenizer.decode(ids)).toBe(text);
    }
  }, 60_000);
});

if (existsSync(realFile('tokenizers'))) {
  const published = fixture('published') as Record<string, { hard: string; random: Checksums }>;
  describe.each(Object.keys(published))('the published tokenizer of %s', (name) => {
    it('gives the ids and texts of Python', () => {
      const json: unknown = JSON.parse(readFileSync(realFile(`tokenizers/${name}/tokenizer.json`), 'utf8'));
      const tokenizer = loadTokenizer(json);
      const { hard, random } = published[name] as { hard: string; random: Checksums };
      expectChecksums(hard, expected.hard.length, (index) => {
        const ids = tokenizer.encode(expected.hard[index] ?? '');
        return { sum: checksum(ids), shown: { text: JSON.stringify(expected.hard[index]), ids } };
      });
      expectRandom(tokenizer, random);
    }, 60_000);
  });
}
