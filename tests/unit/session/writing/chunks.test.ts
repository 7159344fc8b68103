import { expect, it } from 'vitest';
import { chunksOf } from '../../../../src/session/writing/chunks';

it('takes whole paragraphs as long as they fit', () => {
  expect(chunksOf('One.\n\nTwo.\n\n\nThree is longer.', 12)).toEqual(['One.\n\nTwo.', 'Three is', 'longer.']);
  expect(chunksOf('Short.', 100)).toEqual(['Short.']);
  expect(chunksOf(' \n\n ', 100)).toEqual([]);
});

it('divides long paragraphs at lines, sentences, words and at last anywhere', () => {
  expect(chunksOf('First line\nsecond line', 12)).toEqual(['First line', 'second line']);
  expect(chunksOf('Ships sail. Birds fly.', 12)).toEqual(['Ships sail.', 'Birds fly.']);
  expect(chunksOf('一条船。一只鸟。', 4)).toEqual(['一条船。', '一只鸟。']);
  expect(chunksOf('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
});

it('loses nothing but white space, and keeps to the size', () => {
  const words = Array.from(
    { length: 400 },
    (_, at) => `w${at}${at % 7 === 0 ? '.' : ''}${at % 31 === 0 ? '\n\n' : ''}`,
  );
  const text = words.join(' ');
  for (const size of [5, 37, 200, 5000]) {
    const chunks = chunksOf(text, size);
    expect(chunks.join(' ').split(/\s+/)).toEqual(text.trim().split(/\s+/));
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(size);
  }
});

it('divides no character of two units', () => {
  const text = `${'字'.repeat(7)}😀${'字'.repeat(7)}`;
  expect(chunksOf(text, 8)).toEqual(['字'.repeat(7), `😀${'字'.repeat(6)}`, '字']);
  expect(chunksOf('😀'.repeat(3), 1)).toEqual(['😀', '😀', '😀']);
});
