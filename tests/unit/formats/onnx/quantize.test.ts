import { describe, expect, it } from 'vitest';
import { quantizeNF4, dequantizeNF4 } from '../../../../src/formats/nf4';
import { recoverNF4 } from '../../../../src/formats/nf4_recovered';
import { dequantizeOnnx, quantizeOnnx } from '../../../../src/formats/onnx_quantize';
import fixture from './quantized.json' with { type: 'json' };

const bytesIn = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const values = new Float32Array(bytesIn(fixture.values).buffer as ArrayBuffer);
const { columns } = fixture;
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

describe('weights as ONNX Runtime’s tools quantise them', () => {
  it('in 4 bits, to the bit', () => {
    const [codes, scales] = quantizeOnnx('q4', values, columns);
    expect(hex(codes)).toBe(hex(bytesIn(fixture.q4.codes)));
    expect(hex(scales)).toBe(hex(bytesIn(fixture.q4.scales)));
  });

  it('in 8 bits, to the bit', () => {
    const [codes, scales, zeroPoints] = quantizeOnnx('q8', values, columns);
    expect(hex(codes)).toBe(hex(bytesIn(fixture.q8.codes)));
    expect(hex(scales)).toBe(hex(bytesIn(fixture.q8.scales)));
    expect(hex(zeroPoints)).toBe(hex(bytesIn(fixture.q8.zero_points)));
  });
});

describe('reading back', () => {
  /** Half a step, or for q4 a whole one, because it cuts off one end of a symmetric range. */
  it.each([
    ['float32', 0],
    ['float16', 2 ** -11],
    ['q4', 1 / 8],
    ['q4f16', 1 / 8 + 2 ** -11],
    ['q8', 1 / 255],
    ['q8_table', 0.5 / 127 + 2 ** -23],
  ] as const)('%s is within its rounding', (type, step) => {
    const restored = dequantizeOnnx(type, quantizeOnnx(type, values, columns), columns);
    const ofTiny = type === 'float16' || type === 'q4f16' || type === 'q8' ? 2 ** -25 : 0;
    restored.forEach((value, i) => {
      const first = Math.floor(i / columns) * columns;
      const row = values.subarray(first, first + columns).map(Math.abs);
      const amplitude = row.reduce((most, each) => Math.max(most, each));
      expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(step * amplitude + ofTiny);
    });
    expect(restored).toHaveLength(values.length);
  });

  it.each(['q4', 'q8', 'float16'] as const)('%s refuses what is not finite', (type) => {
    expect(() => quantizeOnnx(type, Float32Array.of(1, NaN), 2)).toThrow(RangeError);
  });

  it('refuses values and scales beyond float16', () => {
    expect(() => quantizeOnnx('float16', Float32Array.of(1, 70_000), 2)).toThrow(RangeError);
    expect(() => quantizeOnnx('q4f16', Float32Array.of(1, 70_000 * 8), 2)).toThrow(RangeError);
    expect(quantizeOnnx('q4f16', Float32Array.of(1, 70_000), 2)).toHaveLength(2);
  });
});

describe('values from NF4', () => {
  const { codes, absmax } = quantizeNF4(values);
  // Double quantisation can give a block a negative scale, or none.
  const scales = absmax.map((scale, block) => (block === 2 ? -scale : block === 4 ? 0 : scale));
  const known = dequantizeNF4(codes, scales, values.length);

  it('are recovered to the bit', () => {
    const recovered = recoverNF4(known, 64);
    expect(recovered.absmax).toEqual(scales);
    const restored = dequantizeNF4(recovered.codes, recovered.absmax, known.length);
    expect(restored.every((value, i) => value === known[i])).toBe(true);
  });

  it('are told from others', () => {
    expect(() => recoverNF4(values, 64)).toThrow(RangeError);
  });
});
