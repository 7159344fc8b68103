import { expect, test } from 'vitest';
import { secondsBetween } from '../../../src/gpu/timing';

test('timestamps are nanoseconds, shared by the repeats of a dispatch', () => {
  expect(secondsBetween(1_000_000_000n, 1_002_000_000n, 1)).toBeCloseTo(0.002, 12);
  expect(secondsBetween(1_000_000_000n, 1_002_000_000n, 4)).toBeCloseTo(0.0005, 12);
});

test('timestamps that were quantised to the same moment are no time', () => {
  expect(secondsBetween(65_536n, 65_536n, 1)).toBe(0);
});

test.each([
  ['an end before its beginning', 2n, 1n],
  ['an end that was never written', 5n, 0n],
  ['neither written', 0n, 0n],
])('%s is no measurement', (_, begin, end) => {
  expect(secondsBetween(begin, end, 1)).toBeNaN();
});
