import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadFixture, loadNF4, trainedFamilies, valuesOf } from './fixtures';
import { bytesOf } from '../../src/core/bytes';
import { dequantizeAbsmax, dequantizeNF4, doubleQuantize, quantizeNF4 } from '../../src/formats/nf4';
import { readSpec } from '../../src/models/config';
import { linearMaps } from '../../src/models/spec';

describe.each(trainedFamilies)('NF4 of %s', (family) => {
  const fixture = loadFixture(family);
  const { quantized, nf4 } = loadNF4(family);

  test.each(quantized)('%s has the bytes that bitsandbytes stores', (weight) => {
    const values = valuesOf(fixture.weights(), weight);
    const { codes, absmax } = quantizeNF4(values);
    const double = doubleQuantize(absmax);
    const expected = nf4(weight);

    expect(Buffer.compare(codes, expected.codes)).toBe(0);
    expect(Buffer.compare(double.absmax, expected.absmax)).toBe(0);
    expect(Buffer.compare(bytesOf(double.nestedAbsmax), bytesOf(expected.nestedAbsmax))).toBe(0);
    expect(Buffer.compare(bytesOf(double.nestedQuantMap), bytesOf(expected.nestedQuantMap))).toBe(0);
    expect(double.offset).toBe(expected.offset);
    // The widest gap between NF4 values is 0.304: none is further than half of it from its value, in scales.
    const restored = dequantizeNF4(codes, dequantizeAbsmax(double), values.length);
    const scale = Math.max(...absmax);
    expect(Math.max(...restored.map((value, i) => Math.abs(value - values[i]!)))).toBeLessThan(0.16 * scale);
  });

  test('covers every linear layer of the decoder', () => {
    const config: unknown = JSON.parse(readFileSync(join(fixture.folder, 'config.json'), 'utf8'));
    const maps = linearMaps(readSpec(config)).map(({ path }) => `${path}.weight`);
    expect([...quantized].sort()).toEqual(maps.sort());
  });
});
