import { describe, expect, test } from 'vitest';
import { orthonormalizeRows, product, productWithTransposed } from '../../../src/core/linear_algebra';
import { normal } from '../../../src/core/random';
import {
  randomizedSvd,
  truncatedSvd,
  type LinearOperator,
  type TruncatedSvd,
} from '../../../src/core/truncated_svd';

const EPSILON = 2 ** -24;

const randoms =
  (stream: number) =>
  (count: number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => normal(7, stream, i));

interface Known {
  readonly W: Float64Array;
  readonly svd: TruncatedSvd;
  readonly operator: LinearOperator;
  /** Of blocks of vectors that went through W and back. */
  readonly products: () => number;
}

/** A matrix of known singular values, whose products are summed up in float64 and rounded to float32. */
function known(out: number, input: number, values: readonly number[]): Known {
  const count = values.length;
  const U = randoms(1)(count * out);
  const V = randoms(2)(count * input);
  orthonormalizeRows(U, out);
  orthonormalizeRows(V, input);
  const S = Float64Array.from(values);
  const scaled = V.map((value, index) => value * S[Math.floor(index / input)]!);
  const W = product(transposed(U, out), scaled, input).map(Math.fround);
  const columns = transposed(W, input);
  let products = 0;
  const operator: LinearOperator = {
    out,
    in: input,
    forward: (x) => Promise.resolve(Float32Array.from(productWithTransposed(Float64Array.from(x), W, input))),
    backward: (y) => {
      products++;
      return Promise.resolve(Float32Array.from(productWithTransposed(Float64Array.from(y), columns, out)));
    },
  };
  return { W, svd: { U, S, V }, operator, products: () => products };
}

function transposed(matrix: Float64Array, columns: number): Float64Array {
  const rows = matrix.length / columns;
  return matrix.map((_, index) => matrix[(index % rows) * columns + Math.floor(index / rows)]!);
}

/** Uᵀ diag(S) V of the first `rank`, [out, in]. */
function lowRank({ U, S, V }: TruncatedSvd, rank: number): Float64Array {
  const [out, input] = [U.length / S.length, V.length / S.length];
  const left = U.subarray(0, rank * out).map((value, index) => value * S[Math.floor(index / out)]!);
  return product(transposed(left, out), V.subarray(0, rank * input), input);
}

const distance = (a: Float64Array, b: Float64Array): number =>
  Math.sqrt(a.reduce((sum, value, index) => sum + (value - b[index]!) ** 2, 0));

const geometric = (count: number, ratio: number): number[] =>
  Array.from({ length: count }, (_, i) => ratio ** i);

describe.each([
  ['taller than wide', 96, 40],
  ['wider than tall', 40, 96],
  ['square', 64, 64],
])('the largest singular values of a matrix %s', (_, out, input) => {
  test('are those that it was made of, with their vectors', async () => {
    const values = geometric(40, 0.95);
    const { svd, operator } = known(out, input, values);
    const rank = 6;
    const found = await truncatedSvd(operator, rank, randoms(3));
    // ‖r‖ ≤ ε √(out + in) σ₁² moves σ² by as much, and the vector by that over the gap of the σ².
    const residual = EPSILON * Math.sqrt(out + input);
    found.S.forEach((value, i) =>
      expect(Math.abs(value - values[i]!)).toBeLessThan((2 * residual) / values[i]!),
    );
    const gap = values[rank - 1]! ** 2 - values[rank]! ** 2;
    const allowed = (4 * Math.sqrt(rank) * residual) / gap;
    expect(distance(lowRank(found, rank), lowRank(svd, rank))).toBeLessThan(allowed);
    for (const [vectors, columns] of [
      [found.U, out],
      [found.V, input],
    ] as const) {
      const gram = productWithTransposed(vectors, vectors, columns);
      gram.forEach((value, k) => expect(Math.abs(value - (k % (rank + 1) === 0 ? 1 : 0))).toBeLessThan(1e-5));
    }
  });
});

test('a slow spectrum with large values before it takes few products', async () => {
  const values = [100, 30, ...geometric(118, 0.99)];
  const { svd, operator, products } = known(160, 120, values);
  const rank = 16;
  const found = await truncatedSvd(operator, rank, randoms(3));
  expect(products()).toBeLessThan(200);
  const best = Math.sqrt(values.slice(rank).reduce((sum, value) => sum + value ** 2, 0));
  const whole = lowRank(svd, values.length);
  // Next to nothing is lost of the best approximation of this rank.
  expect(distance(lowRank(found, rank), whole) / best - 1).toBeLessThan(1e-5);
});

test('a value that several vectors share is found with any basis of their space', async () => {
  const values = [2, 1, 1, 1, ...geometric(20, 0.8).map((value) => value * 0.5)];
  const { svd, operator } = known(48, 32, values);
  const found = await truncatedSvd(operator, 3, randoms(3));
  found.S.forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 5));
  const whole = lowRank(svd, values.length);
  const best = Math.sqrt(values.slice(3).reduce((sum, value) => sum + value ** 2, 0));
  expect(distance(lowRank(found, 3), whole) / best - 1).toBeLessThan(1e-5);
});

test('a matrix of lower rank has zeros after its own values', async () => {
  const { operator, W } = known(48, 32, [3, 1]);
  const found = await truncatedSvd(operator, 5, randoms(3));
  // The matrix itself is rounded to float32.
  expect(found.S[2]).toBeLessThan(1e-5);
  expect(distance(lowRank(found, 5), W)).toBeLessThan(1e-5);
  expect([...found.U, ...found.V].every(Number.isFinite)).toBe(true);
});

test('all values of a small matrix, and zeros beyond them', async () => {
  const { operator, W, products } = known(12, 5, geometric(5, 0.7));
  const found = await truncatedSvd(operator, 8, randoms(3));
  expect(distance(lowRank(found, 8), W)).toBeLessThan(1e-5);
  expect([...found.S.subarray(5)]).toEqual([0, 0, 0]);
  expect(products()).toBe(1);
});

test('nothing of a matrix of zeros', async () => {
  const { operator } = known(12, 8, [0]);
  const found = await truncatedSvd(operator, 2, randoms(3));
  expect([...found.S]).toEqual([0, 0]);
  expect([...found.U, ...found.V].every(Number.isFinite)).toBe(true);
});

test('values that are not finite stay so', async () => {
  const operator: LinearOperator = {
    out: 8,
    in: 12,
    forward: (x) => Promise.resolve(new Float32Array((x.length / 12) * 8).fill(NaN)),
    backward: (y) => Promise.resolve(new Float32Array((y.length / 8) * 12).fill(NaN)),
  };
  const found = await truncatedSvd(operator, 2, randoms(3));
  expect(found.S.some(Number.isNaN)).toBe(true);
});

test('the randomised one takes as many products as it is told, and nears the exact one', async () => {
  const values = geometric(40, 0.9);
  const best = Math.sqrt(values.slice(6).reduce((sum, value) => sum + value ** 2, 0));
  const lost: number[] = [];
  for (const iterations of [0, 2, 16]) {
    const { svd, operator, products } = known(96, 40, values);
    const found = await randomizedSvd(operator, 6, iterations, randoms(3));
    expect(products()).toBe(iterations + 1);
    lost.push(distance(lowRank(found, 6), lowRank(svd, 40)) / best - 1);
  }
  expect(lost[0]).toBeGreaterThan(lost[1]!);
  expect(lost[1]).toBeGreaterThan(lost[2]!);
  expect(lost[2]).toBeLessThan(0.01);
});
