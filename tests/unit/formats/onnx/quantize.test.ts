import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../../src/core/bytes';
import { normal } from '../../../../src/core/random';
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
  it('in 4 bits before scales are fitted, to the bit', () => {
    const { codes, scales, zeroPoints } = quantizeBlocks4(values, columns, { fits: 0 });
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
  /** The rule in plain steps: the codes of a scale, their squared error, and the scale that fits them best. */
  function byRule(x: readonly number[]): {
    readonly scale: number;
    readonly zero: number;
    readonly error: number;
  } {
    const { fround, max, min } = Math;
    const away = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
    const [low, high] = [min(0, ...x), max(0, ...x)];
    const first = fround(fround(high - low) / 15);
    const zero = first === 0 ? 0 : away(fround(-low / first));
    const codesOf = (scale: number): number[] =>
      x.map((value) => {
        const steps = scale === 0 ? 0 : fround(value * fround(1 / scale));
        return min(15, max(0, away(fround(steps + zero)))) - zero;
      });
    const errorOf = (scale: number): number =>
      codesOf(scale).reduce((sum, code, i) => sum + (fround(code * scale) - x[i]!) ** 2, 0);
    const fit = (scale: number): number => {
      const codes = codesOf(scale);
      const products = codes.reduce((sum, code, i) => sum + code * x[i]!, 0);
      const better = fround(products / codes.reduce((sum, code) => sum + code * code, 0));
      return errorOf(better) < errorOf(scale) ? better : scale;
    };
    const scale = fit(fit(first));
    return { scale, zero, error: errorOf(scale) };
  }

  it('have scales that are fitted to their codes, by the rule to the bit', () => {
    const { scales, zeroPoints } = quantizeBlocks4(values, columns);
    const blocks = Math.ceil(columns / 32);
    const plain = quantizeBlocks4(values, columns, { fits: 0 });
    let fitted = 0;
    for (let row = 0; row < values.length / columns; row++) {
      for (let block = 0; block < blocks; block++) {
        const from = row * columns + 32 * block;
        const x = [...values.subarray(from, Math.min(from + 32, (row + 1) * columns))];
        const index = row * blocks + block;
        const rule = byRule(x);
        expect(scales[index]).toBe(rule.scale);
        const pair = zeroPoints[row * Math.ceil(blocks / 2) + (block >> 1)]!;
        expect(block & 1 ? pair >> 4 : pair & 15).toBe(rule.zero + 0);
        if (scales[index] !== plain.scales[index]) fitted++;
      }
    }
    expect(fitted).toBeGreaterThan(20);
  });

  it('lose a twelfth less of normally distributed weights than symmetric steps do', () => {
    const x = Float32Array.from({ length: 32 * 4000 }, (_, i) => normal(1, 2, i));
    const errorOf = (decoded: Float32Array): number =>
      Math.sqrt(decoded.reduce((sum, value, i) => sum + (value - x[i]!) ** 2, 0) / x.length);
    const fitted = errorOf(dequantizeOnnx('q4', quantizeOnnx('q4', x, 32), 32));
    const symmetric = x.map((value, i) => {
      const first = i - (i % 32);
      const extreme = x.subarray(first, first + 32).reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
      return Math.max(-8, Math.min(7, Math.round((-8 * value) / extreme))) * (extreme / -8);
    });
    expect(fitted).toBeLessThan((11 / 12) * errorOf(symmetric));
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
