import { expect, test } from 'vitest';
import { normal } from '../../../../src/core/random';
import { addProduct } from '../../../../src/models/adapters/pair_sum';

const values = (stream: number, count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => normal(1, stream, i));

test.each([
  ['columns that are no whole vectors', { input: 13, rank: 3, out: 5, firstRow: 2 }],
  ['a single column', { input: 1, rank: 1, out: 3, firstRow: 0 }],
  ['more columns than a cache holds', { input: 2500, rank: 8, out: 4, firstRow: 1 }],
  ['a rank so high that eight columns are a part', { input: 21, rank: 2100, out: 3, firstRow: 1 }],
])('adds a low-rank product with the bits of a sum in float64: %s', (_, { input, rank, out, firstRow }) => {
  const [A, B] = [values(1, rank * input), values(2, out * rank)];
  const before = values(3, (out - firstRow) * input);
  const rows = before.slice();
  addProduct({ rows, firstRow, in: input, scale: 0.3, A, B });
  const expected = before.map((value, at) => {
    const row = firstRow + Math.floor(at / input);
    let sum = 0;
    for (let j = 0; j < rank; j++) sum += 0.3 * B[row * rank + j]! * A[j * input + (at % input)]!;
    return value + sum;
  });
  expect(rows).toEqual(expected);
});
