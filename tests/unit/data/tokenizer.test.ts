import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../../src/data/tokenizer';
import { dataFixtures, toyTokenizer, toyTokenizerJson } from './fixtures';

const tokenizer = toyTokenizer();

describe('the tokenizer', () => {
  it.each(dataFixtures.texts)('agrees with Python on $text', (expected) => {
    const { text, ids, with_special, decoded, without_special } = expected;
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.encode(text, { addSpecialTokens: true })).toEqual(with_special);
    expect(tokenizer.decode(with_special)).toBe(decoded);
    expect(tokenizer.decode(with_special, { skipSpecialTokens: true })).toBe(without_special);
  });

  it('knows its special tokens, written as text or as an object', () => {
    expect(tokenizer.vocabSize).toBe(401);
    expect([tokenizer.bosId, tokenizer.padId, tokenizer.eosId]).toEqual([0, 1, 3]);
    expect(tokenizer.specialTokens).toMatchObject({ bos_token: '<bos>', eos_token: '</turn>' });
    expect(Array.from(tokenizer.specialIds)).toEqual([0, 1, 2, 3]);
    expect(tokenizer.tokenId('[tool]')).toBe(400);
    expect(tokenizer.tokenId('[nothing]')).toBeUndefined();
  });

  it('works without a configuration', () => {
    const bare = loadTokenizer(toyTokenizerJson);
    expect([bare.bosId, bare.padId, bare.eosId]).toEqual([undefined, undefined, undefined]);
    expect(bare.encode('parrot')).toEqual(tokenizer.encode('parrot'));
  });

  it('never cleans up spaces', () => {
    expect(tokenizer.decode(tokenizer.encode("a . b , c n't"))).toBe("a . b , c n't");
  });

  it('refuses what is no tokenizer', () => {
    expect(() => loadTokenizer([])).toThrow(/tokenizer\.json/);
    expect(() => loadTokenizer({ model: { type: 'Magic', vocab: {} } })).toThrow(
      /tokenizer\.json can’t be used/,
    );
    expect(() => loadTokenizer(toyTokenizerJson, { eos_token: 5 })).toThrow(
      /tokenizer_config\.json .*eos_token/,
    );
  });
});

describe('the streaming decoder', () => {
  const text = 'Ho! 🏴‍☠️ süß 船在海上。</turn> 👩‍👩‍👧.';
  const ids = tokenizer.encode(text);

  it('gives every character once, and none in pieces', () => {
    const stream = tokenizer.stream();
    const parts = ids.map((id) => stream.push(id));
    expect(parts.join('') + stream.end()).toBe(text);
    expect(parts.filter((part) => part.includes('\ufffd'))).toEqual([]);
    expect(parts.filter((part) => part === '').length).toBeGreaterThan(5);
  });

  it('leaves special tokens out where asked to', () => {
    const stream = tokenizer.stream({ skipSpecialTokens: true });
    expect(ids.map((id) => stream.push(id)).join('')).toBe(text.replace('</turn>', ''));
  });

  it('gives what stayed incomplete at the end, and goes on after broken bytes', () => {
    const [first = 0, second = 0] = tokenizer.encode('🦜');
    const cut = tokenizer.stream();
    expect(cut.push(first)).toBe('');
    expect(cut.end()).toBe('\ufffd');
    expect(cut.end()).toBe('');
    const broken = tokenizer.stream();
    expect(broken.push(first) + broken.push(second)).toBe('');
    expect(broken.push(tokenizer.encode('a')[0] ?? 0)).toMatch(/^\ufffd+a$/);
  });
});
