import { expect, it } from 'vitest';
import { quantizeGgml } from '../../../src/formats/ggml/rows';
import { ggmlEncoded } from '../../../src/formats/ggml/types';
import { ggmlBytes } from '../llama_cpp/ggml';
import { normal } from '../../../src/core/random';

/** The bytes of our encoders against ggml’s own, for weights of many sizes. */

const COLUMNS = 256;
const VALUES = 8 * COLUMNS;
const values = Float32Array.from({ length: 24 * VALUES }, (_, i) => {
  const size = 10 ** (Math.floor(i / VALUES) / 3 - 6);
  return size * normal(1, 0, i);
});

it.each(ggmlEncoded)('%s', (type) => {
  const ours = quantizeGgml(type, values.slice(), COLUMNS);
  const theirs = ggmlBytes(type, values, COLUMNS);
  expect(ours.length).toBe(theirs.length);
  expect(ours.findIndex((byte, i) => byte !== theirs[i])).toBe(-1);
});
