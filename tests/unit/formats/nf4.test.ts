import { describe, expect, it } from 'vitest';
import { bytesOf, sha256Hex } from '../../../src/core/bytes';
import {
  dequantizeAbsmax,
  dequantizeBlockwise8bit,
  dequantizeNF4,
  doubleQuantize,
  dynamicMap,
  nf4Thresholds,
  quantizeBlockwise8bit,
  quantizeNF4,
  torchMean,
} from '../../../src/formats/nf4';
import fixtures from './fixtures/nf4.json';
import { bell, nf4Inputs } from './nf4_inputs';

const digest = (array: ArrayBufferView): Promise<string> => sha256Hex(bytesOf(array));

function inputOf(name: string): Float32Array {
  const make = nf4Inputs[name];
  if (!make) throw new Error(`the fixtures have a case "${name}" that nf4_inputs.ts lacks`);
  return make();
}

describe('NF4 as bitsandbytes', () => {
  it('has the same thresholds and the same dynamic map', () => {
    expect(Array.from(nf4Thresholds)).toEqual(fixtures.thresholds);
    expect(Array.from(dynamicMap())).toEqual(fixtures.dynamic_map);
  });

  it.each(Object.entries(fixtures.cases))('gives the same bytes for %s', async (name, expected) => {
    const values = inputOf(name);
    expect(await digest(values), 'the input itself').toBe(expected.input);
    const { codes, absmax } = quantizeNF4(values);
    expect(await digest(codes)).toBe(expected.codes);
    expect(await digest(absmax)).toBe(expected.absmax);
    expect(await digest(dequantizeNF4(codes, absmax, values.length))).toBe(expected.dequantized);

    const double = doubleQuantize(absmax);
    expect(double.offset).toBe(expected.offset);
    expect(await digest(double.absmax)).toBe(expected.double_absmax);
    expect(await digest(double.nestedAbsmax)).toBe(expected.nested_absmax);
    const back = dequantizeNF4(codes, dequantizeAbsmax(double), values.length);
    expect(await digest(back)).toBe(expected.double_dequantized);
  });

  it('gives the same codes, shown whole for a few blocks', () => {
    const { codes, absmax } = quantizeNF4(inputOf('few'));
    expect(Array.from(codes)).toEqual(fixtures.few.codes);
    expect(Array.from(doubleQuantize(absmax).absmax)).toEqual(fixtures.few.absmax);
  });

  it.each([
    ['normal', 256],
    ['zero_blocks', 64],
    ['denormal', 256],
  ] as const)('quantises %s blockwise to 8 bits as it does', async (name, blocksize) => {
    const { codes, absmax } = quantizeBlockwise8bit(inputOf(name), blocksize);
    const expected = fixtures.blockwise_8bit[name];
    expect(await digest(codes)).toBe(expected.codes);
    expect(await digest(absmax)).toBe(expected.absmax);
    expect(await digest(dequantizeBlockwise8bit(codes, absmax, dynamicMap(), blocksize))).toBe(
      expected.dequantized,
    );
  });

  it('takes the mean in the order of PyTorch on one thread', () => {
    for (const [count, mean] of Object.entries(fixtures.means)) {
      expect(torchMean(bell(Number(count), 12).map(Math.abs)), count).toBe(mean);
    }
  });

  it('puts element 0 in the high nibble and a value on a threshold in the lower code', () => {
    const values = new Float32Array(64);
    values[0] = -1;
    values[1] = 1;
    values[2] = nf4Thresholds[9] ?? NaN;
    expect(Array.from(quantizeNF4(values).codes.subarray(0, 3))).toEqual([0x0f, 0x97, 0x77]);
  });
});
