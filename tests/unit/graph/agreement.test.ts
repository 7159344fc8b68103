import { expect, test } from 'vitest';
import { agree } from '../../../src/graph/agreement';

const results = (...values: readonly number[]): Float32Array[] => [Float32Array.from(values)];

test('rounding is agreed with, relative to the root mean square', () => {
  expect(agree(results(100.9, -100, 0.9), results(100, -100, 0))).toBe(true);
  expect(agree(results(0.01009, -0.01, 0.00009), results(0.01, -0.01, 0))).toBe(true);
  expect(agree(results(-0, 0), results(0, 0))).toBe(true);
});

test('one element that is wrong, no number or not there is enough', () => {
  const expected = results(...Array.from({ length: 1000 }, (_, i) => (i % 2 ? 1 : -1)));
  const [right] = expected;
  expect(agree(expected, expected)).toBe(true);
  for (const value of [0, 0.9, NaN, Infinity]) {
    expect(agree([right!.with(999, value)], expected)).toBe(false);
  }
  expect(agree([right!.subarray(1)], expected)).toBe(false);
  expect(agree([], expected)).toBe(false);
  expect(agree([right!, right!], [...expected, right!.map((value) => 2 * value)])).toBe(false);
});

test('nothing is held to what is no number itself', () => {
  for (const value of [NaN, Infinity]) expect(agree(results(1, 2), results(value, 2))).toBe(true);
});
