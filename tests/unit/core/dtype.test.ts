import { describe, expect, it } from 'vitest';
import {
  bf16ToF32,
  dtypeBits,
  dtypes,
  f16ToF32,
  f32ToBf16,
  f32ToF16,
  floatsOf,
  isDtype,
  isFloatDtype,
} from '../../../src/core/dtype';

const allHalves = Uint16Array.from({ length: 65536 }, (_, i) => i);
const bitsOf = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer);
const fromBits = (...bits: number[]): Float32Array => new Float32Array(Uint32Array.from(bits).buffer);

/** The halves or bfloat16s for which a statement is false. */
const failing = (holds: (bits: number) => boolean, all: ArrayLike<number> = allHalves): number[] =>
  Array.from(all).filter((bits) => !holds(bits));

describe('half precision', () => {
  it('is exact towards f32, for every half', () => {
    const floats = f16ToF32(allHalves);
    const value = (half: number): number => {
      const exponent = (half >> 10) & 31;
      const mantissa = half & 1023;
      const finite = exponent ? (1 + mantissa / 1024) * 2 ** (exponent - 15) : mantissa * 2 ** -24;
      return (half >> 15 ? -1 : 1) * (exponent < 31 ? finite : mantissa ? NaN : Infinity);
    };
    expect(failing((half) => Object.is(floats[half], value(half)))).toEqual([]);
  });

  it('comes back from f32, for every half that is a number', () => {
    const back = f32ToF16(f16ToF32(allHalves));
    const again = f16ToF32(back);
    const isNumber = (half: number): boolean => (half & 0x7fff) <= 0x7c00;
    expect(failing((half) => (isNumber(half) ? back[half] === half : Number.isNaN(again[half])))).toEqual([]);
  });

  it('rounds to the nearest, ties to even, between every two neighbours', () => {
    const indices = Array.from({ length: 0x7bff }, (_, i) => i);
    for (const [sign, signBit] of [
      [1, 0],
      [-1, 0x8000],
    ] as const) {
      const halves = f16ToF32(allHalves.subarray(0, 0x7c00)).map((value) => sign * value);
      const middle = Float32Array.from(halves.subarray(1), (value, i) => (value + (halves[i] ?? 0)) / 2);
      const above = f32ToF16(new Float32Array(bitsOf(middle).map((bits) => bits + 1).buffer));
      const below = f32ToF16(new Float32Array(bitsOf(middle).map((bits) => bits - 1).buffer));
      const even = f32ToF16(middle);
      expect(failing((i) => even[i] === (signBit | (i + (i & 1))), indices)).toEqual([]);
      expect(failing((i) => above[i] === (signBit | (i + 1)), indices)).toEqual([]);
      expect(failing((i) => below[i] === (signBit | i), indices)).toEqual([]);
    }
  });

  it('overflows to infinity from 65520 on', () => {
    expect(Array.from(f32ToF16(Float32Array.of(65519.99, 65520, 1e38, -Infinity)))).toEqual([
      0x7bff, 0x7c00, 0x7c00, 0xfc00,
    ]);
  });
});

describe('bfloat16', () => {
  it('is the upper half of f32', () => {
    const bits = bitsOf(bf16ToF32(allHalves));
    expect(failing((value) => bits[value] === value * 65536)).toEqual([]);
  });

  it('comes back from f32, and NaN stays NaN', () => {
    const back = f32ToBf16(bf16ToF32(allHalves));
    const isNaN = (value: number): boolean => (value & 0x7fff) > 0x7f80;
    expect(failing((value) => back[value] === (isNaN(value) ? value | 0x40 : value))).toEqual([]);
    expect(f32ToBf16(fromBits(0x7f800001))[0]).toBe(0x7fc0);
  });

  it('rounds to the nearest, ties to even', () => {
    const cases = [
      [0x3f800000, 0x3f80],
      [0x3f807fff, 0x3f80],
      [0x3f808000, 0x3f80],
      [0x3f808001, 0x3f81],
      [0x3f818000, 0x3f82],
      [0xbf818000, 0xbf82],
      [0x7f7fffff, 0x7f80],
      [0x00008000, 0x0000],
      [0x00018000, 0x0002],
    ] as const;
    for (const [bits, expected] of cases) expect(f32ToBf16(fromBits(bits))[0]).toBe(expected);
  });
});

describe('dtypes', () => {
  it('are known by name', () => {
    expect(isDtype('BF16') && isFloatDtype('BF16')).toBe(true);
    expect(isFloatDtype('F64')).toBe(false);
    expect(isDtype('constructor')).toBe(false);
    expect(dtypes.map(dtypeBits)).toEqual([
      8, 4, 6, 6, 8, 8, 8, 8, 8, 8, 8, 16, 16, 16, 16, 32, 32, 32, 64, 64, 64, 64,
    ]);
  });

  it('give floats from bytes at any offset', () => {
    const bytes = new Uint8Array(9);
    new DataView(bytes.buffer).setFloat32(1, -2.5, true);
    new DataView(bytes.buffer).setUint16(5, 0x3e00, true);
    new DataView(bytes.buffer).setUint16(7, 0x3fc0, true);
    expect(floatsOf('F32', bytes.subarray(1, 5))).toEqual(Float32Array.of(-2.5));
    expect(floatsOf('F16', bytes.subarray(5, 7))).toEqual(Float32Array.of(1.5));
    expect(floatsOf('BF16', bytes.subarray(7, 9))).toEqual(Float32Array.of(1.5));
  });
});
