import { expect, it } from 'vitest';
import { lengthCounts } from '../../../src/data/length_counts';

const sizes = (...lengths: readonly number[]) => ({
  length: lengths.length,
  tokens: (index: number) => Math.min(100, lengths[index]!),
  whole: (index: number) => (lengths[index]! > 100 ? lengths[index] : undefined),
});

it('counts lengths before the cut, in bins of round numbers', () => {
  expect(lengthCounts(sizes(1, 2, 3, 3, 7))).toEqual({ step: 1, counts: [1, 1, 2, 0, 0, 0, 1] });
  const { step, counts } = lengthCounts(sizes(50, 51, 1400));
  expect(step).toBe(50);
  expect([counts[0], counts[1], counts.at(-1), counts.length]).toEqual([1, 1, 1, 28]);
  expect(lengthCounts(sizes())).toEqual({ step: 1, counts: [0] });
});
