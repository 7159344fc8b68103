import { expect, test } from 'vitest';
import { cutPair, pairSvd } from '../../../src/core/pair_svd';
import { normal } from '../../../src/core/random';

const random = (count: number, stream: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => normal(3, stream, i));

function productOf(A: Float32Array, B: Float32Array, rank: number): Float64Array {
  const [input, out] = [A.length / rank, B.length / rank];
  return Float64Array.from({ length: out * input }, (_, at) => {
    const [row, k] = [Math.floor(at / input), at % input];
    let sum = 0;
    for (let j = 0; j < rank; j++) sum += B[row * rank + j]! * A[j * input + k]!;
    return sum;
  });
}

test.each([
  ['wide', 4, 9, 20],
  ['tall', 6, 30, 11],
  ['of rank one', 1, 5, 7],
  ['of more rank than a side', 8, 5, 12],
])('a pair %s is the sum of its singular values’ parts', (_, rank, out, input) => {
  const [A, B] = [random(rank * input, 1), random(out * rank, 2)];
  const svd = pairSvd({ A, B }, rank);
  expect([...svd.S]).toEqual([...svd.S].sort((a, b) => b - a));
  const again = cutPair(svd, rank);
  const [before, after] = [productOf(A, B, rank), productOf(again.A, again.B, rank)];
  // Each factor is rounded once.
  before.forEach((value, i) => expect(Math.abs(value - after[i]!)).toBeLessThan(4 * 2 ** -24 * svd.S[0]!));
});

test('a cut pair loses exactly the singular values beyond the cut', () => {
  const [rank, out, input] = [6, 14, 10];
  const [A, B] = [random(rank * input, 3), random(out * rank, 4)];
  const svd = pairSvd({ A, B }, rank);
  const cut = cutPair(svd, 2);
  const [before, after] = [productOf(A, B, rank), productOf(cut.A, cut.B, 2)];
  const lost = before.reduce((sum, value, i) => sum + (value - after[i]!) ** 2, 0);
  const beyond = svd.S.slice(2).reduce((sum, value) => sum + value ** 2, 0);
  expect(lost / beyond).toBeCloseTo(1, 6);
});

test('a pair whose B is zero has no singular values', () => {
  const svd = pairSvd({ A: random(12, 5), B: new Float32Array(10) }, 2);
  expect([...svd.S]).toEqual([0, 0]);
  expect([...cutPair(svd, 1).B]).toEqual([0, 0, 0, 0, 0]);
});

test('dependent rows take no part', () => {
  const row = random(10, 6);
  const A = Float32Array.from([...row, ...row.map((value) => 2 * value)]);
  const B = random(16, 7);
  const svd = pairSvd({ A, B }, 2);
  expect(svd.S[1]! / svd.S[0]!).toBeLessThan(1e-9);
  const cut = cutPair(svd, 1);
  const [before, after] = [productOf(A, B, 2), productOf(cut.A, cut.B, 1)];
  before.forEach((value, i) => expect(Math.abs(value - after[i]!)).toBeLessThan(4 * 2 ** -24 * svd.S[0]!));
});
