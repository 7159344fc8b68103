import { floatsOf } from '../../../core/dtype';
import type { OnnxCodec } from './codec';
import { clamp, roundEven, SMALLEST_NORMAL } from './rounds';

/**
 * Unsigned 8 bits with a scale and a zero point for each row, as `quantize_dynamic` with `per_channel` and QUInt8: the
 * range from the lowest to the highest value, widened to include zero, in 255 steps; halves round to even.
 */
export const rows8: OnnxCodec = {
  encode(rows, input) {
    const { fround } = Math;
    const count = rows.length / input;
    const codes = new Uint8Array(rows.length);
    const scales = new Float32Array(count);
    const zeroPoints = new Uint8Array(count);
    for (let row = 0; row < count; row++) {
      const begin = row * input;
      let lowest = 0;
      let highest = 0;
      for (let i = begin; i < begin + input; i++) {
        const value = rows[i]!;
        if (value < lowest) lowest = value;
        if (value > highest) highest = value;
      }
      const exact = (highest - lowest) / 255;
      // A range that is too narrow for its scale to be a normal number has no precision to keep.
      const isTiny = exact < SMALLEST_NORMAL;
      const scale = isTiny ? 1 : fround(exact);
      const zero = isTiny ? 0 : roundEven(-lowest / exact);
      scales[row] = scale;
      zeroPoints[row] = zero;
      for (let i = begin; i < begin + input; i++) {
        codes[i] = clamp(roundEven(fround(rows[i]! / scale)) + zero, 255);
      }
    }
    return [codes, scales, zeroPoints];
  },
  decode([codes = new Uint8Array(), scaleBytes = new Uint8Array(), zeroPoints], input) {
    const scales = floatsOf('F32', scaleBytes);
    return Float32Array.from(codes, (code, i) => {
      const row = Math.floor(i / input);
      return (code - (zeroPoints?.[row] ?? NaN)) * scales[row]!;
    });
  },
  rounding: { steps: 255 },
};

/** Signed 8 bits of a table with a scale for each row: the largest magnitude becomes 127. */
export const table8: OnnxCodec = {
  encode(rows, input) {
    const count = rows.length / input;
    const codes = new Int8Array(rows.length);
    const scales = new Float32Array(count);
    for (let row = 0; row < count; row++) {
      const begin = row * input;
      let largest = 0;
      for (let i = begin; i < begin + input; i++) largest = Math.max(largest, Math.abs(rows[i]!));
      const scale = Math.fround(largest / 127);
      scales[row] = scale;
      if (scale === 0) continue;
      for (let i = begin; i < begin + input; i++) {
        codes[i] = Math.max(-127, Math.min(127, roundEven(rows[i]! / scale)));
      }
    }
    return [codes, scales];
  },
  decode([codes = new Uint8Array(), scaleBytes = new Uint8Array()], input) {
    const scales = floatsOf('F32', scaleBytes);
    const signed = new Int8Array(codes.buffer, codes.byteOffset, codes.length);
    return Float32Array.from(signed, (code, i) => code * scales[Math.floor(i / input)]!);
  },
  rounding: { steps: 254, isSymmetric: true },
};
