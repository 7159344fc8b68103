import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../../src/data/tokenizer';
import { expectRandom, expected, fixture, type FamilyExpected } from '../../tokenizers/expected';

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
      const begin = process.cpuUsage();
      const ids = tokenizer.encode(text);
      // Of the processor: a busy machine adds nothing to it.
      expect(process.cpuUsage(begin).user / 1e6, name).toBeLessThan(20);
      expect(tokenizer.decode(ids)).toBe(text);
    }
  }, 600_000);
});
