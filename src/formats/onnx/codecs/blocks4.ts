import { f16ToF32, f32ToF16, floatsOf, roundedTo } from '../../../core/dtype';
import type { OnnxCodec } from './codec';
import { clamp, roundAway, SMALLEST_NORMAL } from './rounds';

/** Columns of a row that share a scale and a zero point. */
export const BLOCK_4 = 32;
const MOST = 15;
/** The zero point behind an odd number of blocks. */
const UNUSED = 8;

export interface Blocks4 {
  /** Two codes a byte, the first in the low nibble: [rows, blocks, 16]. */
  readonly codes: Uint8Array<ArrayBuffer>;
  /** [rows, blocks] */
  readonly scales: Float32Array<ArrayBuffer>;
  /** Two a byte, the first in the low nibble: [rows, ⌈blocks / 2⌉]. */
  readonly zeroPoints: Uint8Array<ArrayBuffer>;
}

export interface Blocks4Options {
  /** Rounds a scale to the precision in which it is stored. */
  readonly roundScale?: (scale: number) => number;
  /** How often the scale is fitted; with 0 the result is that of `MatMulNBitsQuantizer`, to the bit. */
  readonly fits?: number;
}

/** Fits of a scale: a third one lowers the error of normally distributed weights by less than a thousandth. */
const FITS = 2;

/**
 * The weights of MatMulNBits with 4 bits: x ≈ scale · (code − zero point). In each block, the range from the lowest to the
 * highest value, widened to include 0, has 15 steps, as `MatMulNBitsQuantizer` has them: scale = range / 15, zero point =
 * round(−lowest / scale), code = round(x / scale) + zero point.
 *
 * Then the scale is fitted to the codes by least squares, Σ c x / Σ c² with c = code − zero point, and the codes are made
 * again. The result is taken if its squared error is smaller. The codes behind a last block that is not full are 0, and
 * the op ignores them.
 */
export function quantizeBlocks4(
  rows: Float32Array,
  input: number,
  { roundScale = Math.fround, fits = FITS }: Blocks4Options = {},
): Blocks4 {
  const blocks = Math.ceil(input / BLOCK_4);
  const count = rows.length / input;
  const codes = new Uint8Array((count * blocks * BLOCK_4) / 2);
  const scales = new Float32Array(count * blocks);
  const pairs = Math.ceil(blocks / 2);
  const zeroPoints = new Uint8Array(count * pairs);
  let [own, tried] = [new Uint8Array(BLOCK_4), new Uint8Array(BLOCK_4)];
  for (let row = 0; row < count; row++) {
    if (blocks % 2 === 1) zeroPoints[(row + 1) * pairs - 1] = UNUSED << 4;
    for (let block = 0; block < blocks; block++) {
      const begin = row * input + block * BLOCK_4;
      const x = rows.subarray(begin, Math.min(begin + BLOCK_4, (row + 1) * input));
      const [lowest, highest] = rangeOf(x);
      let scale = normal(roundScale(Math.fround(Math.fround(highest - lowest) / MOST)));
      const zero = scale === 0 ? 0 : clamp(roundAway(Math.fround(-lowest / scale)), MOST);
      let error = encodeBlock(x, scale, zero, own);
      for (let fit = 0; fit < fits && error > 0; fit++) {
        const fitted = normal(roundScale(fittedScale(x, own, zero)));
        const errorOfFit = encodeBlock(x, fitted, zero, tried);
        // Written with "not", so that NaN ends it.
        if (!(errorOfFit < error)) break;
        [own, tried] = [tried, own];
        [scale, error] = [fitted, errorOfFit];
      }
      const index = row * blocks + block;
      scales[index] = scale;
      zeroPoints[row * pairs + (block >> 1)]! |= zero << (block & 1 ? 4 : 0);
      for (let i = 0; i < x.length; i++) codes[(index * BLOCK_4 + i) >> 1]! |= own[i]! << (i & 1 ? 4 : 0);
    }
  }
  return { codes, scales, zeroPoints };
}

/** A scale without a finite inverse has no precision to keep. */
function normal(scale: number): number {
  return scale < SMALLEST_NORMAL ? 0 : scale;
}

/** The lowest and the highest value, and 0. */
function rangeOf(x: Float32Array): readonly [number, number] {
  let [lowest, highest] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return [lowest, highest];
}

/** Writes the codes of a block. Returns the sum of the squared errors. */
function encodeBlock(x: Float32Array, scale: number, zero: number, codes: Uint8Array): number {
  const { fround } = Math;
  const inverse = scale === 0 ? 0 : fround(1 / scale);
  let error = 0;
  for (let i = 0; i < x.length; i++) {
    const code = clamp(roundAway(fround(fround(x[i]! * inverse) + zero)), MOST);
    codes[i] = code;
    error += (fround((code - zero) * scale) - x[i]!) ** 2;
  }
  return error;
}

function fittedScale(x: Float32Array, codes: Uint8Array, zero: number): number {
  let [products, squares] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    const step = codes[i]! - zero;
    products += step * x[i]!;
    squares += step * step;
  }
  return products / squares;
}

/** The values of `quantizeBlocks4`, f32 [rows, input]. */
export function dequantizeBlocks4(
  {
    codes,
    scales,
    zeroPoints,
  }: Readonly<Record<'codes' | 'zeroPoints', Uint8Array>> & {
    readonly scales: Float32Array;
  },
  input: number,
): Float32Array<ArrayBuffer> {
  const blocks = Math.ceil(input / BLOCK_4);
  const pairs = Math.ceil(blocks / 2);
  const values = new Float32Array((scales.length / blocks) * input);
  for (let i = 0; i < values.length; i++) {
    const row = Math.floor(i / input);
    const column = i - row * input;
    const block = Math.floor(column / BLOCK_4);
    const code = nibble(codes, row * blocks * BLOCK_4 + column);
    values[i] = (code - nibble(zeroPoints, 2 * row * pairs + block)) * scales[row * blocks + block]!;
  }
  return values;
}

function nibble(bytes: Uint8Array, index: number): number {
  const pair = bytes[index >> 1]!;
  return index & 1 ? pair >> 4 : pair & 15;
}

const EMPTY = new Uint8Array();
const steps = { block: BLOCK_4, steps: MOST };

/** With scales in float32. */
export const blocks4: OnnxCodec = {
  encode(rows, input) {
    const { codes, scales, zeroPoints } = quantizeBlocks4(rows, input);
    return [codes, scales, zeroPoints];
  },
  decode: ([codes = EMPTY, scales = EMPTY, zeroPoints = EMPTY], input) =>
    dequantizeBlocks4({ codes, scales: floatsOf('F32', scales), zeroPoints }, input),
  rounding: steps,
};

/** With scales in float16. */
export const blocks4F16: OnnxCodec = {
  encode(rows, input) {
    const { codes, scales, zeroPoints } = quantizeBlocks4(rows, input, { roundScale: toF16 });
    return [codes, roundedTo('F16', scales), zeroPoints];
  },
  decode: ([codes = EMPTY, scales = EMPTY, zeroPoints = EMPTY], input) =>
    dequantizeBlocks4({ codes, scales: floatsOf('F16', scales), zeroPoints }, input),
  rounding: { ...steps, scales: 'F16' },
};

function toF16(value: number): number {
  return f16ToF32(f32ToF16(Float32Array.of(value)))[0]!;
}
