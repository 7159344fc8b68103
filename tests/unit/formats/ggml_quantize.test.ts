import { describe, expect, test } from 'vitest';
import { sha256Hex } from '../../../src/core/bytes';
import { dequantizeGgml, quantizeGgml } from '../../../src/formats/ggml/rows';
import { ggmlEncoded, ggmlFormat, isGgmlPacked } from '../../../src/formats/ggml/types';
import fixtures from './fixtures/ggml_encoded.json';

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const floatsOf = (text: string): Float32Array<ArrayBuffer> => new Float32Array(bytesOf(text).slice().buffer);

/** The same numbers as `many_values` of make_ggml_fixtures.py. */
function manyValues(count: number): Float32Array<ArrayBuffer> {
  let state = 1;
  return Float32Array.from({ length: count }, (_, i) => {
    let total = 0;
    for (let term = 0; term < 4; term++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      total += state >>> 8;
    }
    return (total / 2 ** 24 - 2) * 2 ** (Math.floor(i / 4096) - 8);
  });
}

const many = manyValues(65536);

describe.each(ggmlEncoded)('rows encoded as %s', (type) => {
  test('are ggml’s, to the bit, for many weights', async () => {
    expect(await sha256Hex(quantizeGgml(type, many.slice(), 256))).toBe(fixtures.many[type]);
  });

  test('are ggml’s, to the bit, for unusual weights', () => {
    for (const [name, { values, ...encoded }] of Object.entries(fixtures.cases)) {
      const expected = { ...encoded, F32: values }[type];
      expect(quantizeGgml(type, floatsOf(values), 256), name).toEqual(bytesOf(expected));
    }
  });

  test('have the length that their blocks say', () => {
    const { elements, bytes } = ggmlFormat(type);
    expect(quantizeGgml(type, many.slice(0, 512), 256)).toHaveLength((512 / elements) * bytes);
  });

  test('are refused if a weight is no number', () => {
    for (const wrong of [NaN, Infinity, -Infinity]) {
      const values = many.slice(0, 256);
      values[100] = wrong;
      expect(() => quantizeGgml(type, values, 256)).toThrow(RangeError);
    }
  });

  test('are refused if they are no whole rows', () => {
    expect(() => quantizeGgml(type, many.slice(0, 300), 256)).toThrow('no rows');
  });
});

test.each(ggmlEncoded.filter((type) => type !== 'F32' && type !== 'BF16'))(
  '%s refuses what its half precision cannot hold',
  (type) => {
    const values = many.slice(0, 256);
    for (const huge of [1e9, 3e38]) {
      values[7] = huge;
      expect(() => quantizeGgml(type, values, 256)).toThrow(RangeError);
    }
  },
);

test('BF16 refuses what it would round to infinity', () => {
  expect(() => quantizeGgml('BF16', Float32Array.of(3.4e38, 0), 2)).toThrow(RangeError);
});

test.each(ggmlEncoded.filter((type) => isGgmlPacked(type)))(
  '%s decodes to within a step of its weights',
  (type) => {
    const values = many.slice(0, 4096);
    const decoded = dequantizeGgml(type, quantizeGgml(type, values.slice(), 256));
    const largest = Math.max(...values.map(Math.abs));
    const farthest = Math.max(...values.map((value, i) => Math.abs(value - decoded[i]!)));
    // Codes of b bits divide the range from -largest to largest into at least 2^b - 2 steps, Q8_0's into 254.
    const bits = Number(type[1]);
    expect(farthest).toBeLessThan((2 * largest) / (2 ** bits - 2));
  },
);
