import { describe, expect, it } from 'vitest';
import { checkParts } from '../../../src/data/tokenization/fields';
import { readNormalizer } from '../../../src/data/tokenization/normalizers';
import { isQuickPattern } from '../../../src/core/pattern_work';
import { findRegex, GPT2_PATTERN } from '../../../src/data/tokenization/patterns';
import { readPreTokenizer } from '../../../src/data/tokenization/pre_tokenizers';

describe('patterns that a tokenizer splits by', () => {
  it.each([
    GPT2_PATTERN,
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s+",
    ' {2,}',
    '^\\u2581+$',
    '(?:ab)+|\\d{3}(?=(?:\\d{3})*\\b)',
    '\\[a+\\)|[()+*]+',
  ])('of published kinds are taken: %s', (source) => {
    expect(() => findRegex(source)).not.toThrow();
  });

  it.each([
    ['(a+)+$'],
    ['(a|a)*b'],
    ['(?:a?b?)+c'],
    ['(a+){20}'],
    ['(?:(?:a)*)*'],
    ['a*a*a*a*b'],
    ['(?=(a+)*)b'],
    ['(?<x>a)\\k<x>'],
    ['((a|b)(c)){9}'],
    ['[(]((a+))+'],
  ])('that may never come to an end are refused: %s', (source) => {
    expect(isQuickPattern(source)).toBe(false);
    expect(() => findRegex(source)).toThrow(/can take too long|not understood/);
  });

  it('do not hide a repetition in very many groups', () => {
    expect(isQuickPattern('('.repeat(50_000) + 'a'.padEnd(50_001, ')'))).toBe(false);
  });
});

describe('normalizers', () => {
  const grow = { type: 'Replace', pattern: { String: 'a' }, content: 'a'.repeat(10) };

  it('may not make very much of little', () => {
    const once = readNormalizer(grow);
    expect(once('aa')).toHaveLength(20);
    const chained = readNormalizer({ type: 'Sequence', normalizers: [grow, grow, grow] });
    expect(() => chained('a'.repeat(100))).toThrow(/turns \d+ characters into \d+/);
    const nested = { type: 'Sequence', normalizers: [{ type: 'Sequence', normalizers: [grow, grow] }, grow] };
    expect(() => readNormalizer(nested)('a'.repeat(100))).toThrow(/turns \d+ characters into \d+/);
  });

  it('may not lie in each other without end', () => {
    let part: object = grow;
    for (let i = 0; i < 20_000; i++) part = { type: 'Sequence', normalizers: [part] };
    expect(() => checkParts(part, 'normalizer')).toThrow(/nested too deeply/);
    const many = { type: 'Sequence', normalizers: Array.from({ length: 2000 }, () => grow) };
    expect(() => checkParts(many, 'normalizer')).toThrow(/nested too deeply/);
    expect(() => checkParts({ type: 'Sequence', normalizers: [grow, grow] }, 'normalizer')).not.toThrow();
  });
});

/** Results of Python's `tokenizers.pre_tokenizers.Whitespace` (tokenizers 0.23.3). */
describe('the pre-tokenizer Whitespace', () => {
  it.each([
    ['a\u200cb', ['a\u200cb']],
    ['!\u200c!', ['!', '\u200c', '!']],
    ['a \u200d b', ['a', '\u200d', 'b']],
    ['a\u203fb', ['a\u203fb']],
    ['x\u00b2', ['x', '\u00b2']],
    ['\u2160a', ['\u2160a']],
    ['a\ufe0f', ['a\ufe0f']],
  ])('splits %j as in Python', (text, pieces) => {
    const split = readPreTokenizer({ type: 'Whitespace' });
    expect(split([{ text, first: true }]).map((piece) => piece.text)).toEqual(pieces);
  });
});
