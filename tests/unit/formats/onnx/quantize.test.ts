import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../../src/core/bytes';
import { normal } from '../../../../src/core/random';
import { DeltaShare } from '../../../../src/exports/check/share';
import { quantizeNF4, dequantizeNF4 } from '../../../../src/formats/nf4';
import { recoverNF4 } from '../../../../src/formats/nf4_recovered';
import { quantizeBlocks4 } from '../../../../src/formats/onnx/codecs/blocks4';
import { dequantizeOnnx, quantizeOnnx } from '../../../../src/formats/onnx/codecs/codecs';
import fixture from './quantized.json' with { type: 'json' };

const bytesIn = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const values = new Float32Array(bytesIn(fixture.values).buffer as ArrayBuffer);
const { columns } = fixture;
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

describe('weights as ONNX Runtime’s tools quantise them', () => {
  it('in 4 bits, to the bit', () => {
    const { codes, scales, zeroPoints } = quantizeBlocks4(values, columns);
    expect(hex(codes)).toBe(hex(bytesIn(fixture.q4.codes)));
    expect(hex(bytesOf(scales))).toBe(hex(bytesIn(fixture.q4.scales)));
    expect(hex(zeroPoints)).toBe(hex(bytesIn(fixture.q4.zero_points)));
  });

  it('in 8 bits, to the bit', () => {
    const [codes, scales, zeroPoints] = quantizeOnnx('q8', values, columns);
    expect(hex(codes)).toBe(hex(bytesIn(fixture.q8.codes)));
    expect(hex(scales)).toBe(hex(bytesIn(fixture.q8.scales)));
    expect(hex(zeroPoints)).toBe(hex(bytesIn(fixture.q8.zero_points)));
  });
});

describe('4 bits', () => {
  it('keep what an adapter changed of weights that were in steps of 4 bits', () => {
    // As GGUF's Q4_1 has them: 16 steps from the lowest value of each block.
    const base = Float32Array.from({ length: 32 * 4000 }, (_, i) => {
      const block = Math.floor(i / 32);
      return (
        (1 + 0.3 * normal(1, 3, block)) * (Math.round(2.5 * normal(1, 4, i)) - 0.1 * normal(1, 5, block))
      );
    });
    const delta = base.map((_, i) => 0.03 * normal(1, 6, i));
    const merged = base.map((value, i) => value + delta[i]!);
    const written = dequantizeOnnx('q4', quantizeOnnx('q4', merged, 32), 32);
    const share = new DeltaShare();
    share.add(base, merged, written, 32);
    expect(Math.abs(share.share! - 1)).toBeLessThan(4 * share.standardError);
    expect(share.standardError).toBeLessThan(0.1);
  });

  it('lose a twentieth less of normally distributed weights than symmetric steps do', () => {
    const x = Float32Array.from({ length: 32 * 4000 }, (_, i) => normal(1, 2, i));
    const errorOf = (decoded: Float32Array): number =>
      Math.sqrt(decoded.reduce((sum, value, i) => sum + (value - x[i]!) ** 2, 0) / x.length);
    const error = errorOf(dequantizeOnnx('q4', quantizeOnnx('q4', x, 32), 32));
    const symmetric = x.map((value, i) => {
      const first = i - (i % 32);
      const extreme = x.subarray(first, first + 32).reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
      return Math.max(-8, Math.min(7, Math.round((-8 * value) / extreme))) * (extreme / -8);
    });
    expect(error).toBeLessThan((19 / 20) * errorOf(symmetric));
  });
});

describe('reading back', () => {
  /** A step of the range, which is at most twice the largest magnitude: half of it by rounding, half by the zero point. */
  it.each([
    ['float32', 0],
    ['float16', 2 ** -11],
    ['q4', 2 / 15],
    ['q4f16', 2 / 15 + 2 ** -10],
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
    expect(() => quantizeOnnx('q4f16', Float32Array.of(1, 70_000 * 15), 2)).toThrow(RangeError);
    expect(quantizeOnnx('q4f16', Float32Array.of(1, 70_000), 2)).toHaveLength(3);
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
