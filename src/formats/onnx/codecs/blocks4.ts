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

/**
 * The weights of MatMulNBits with 4 bits, as `MatMulNBitsQuantizer` has them: x ≈ scale · (code − zero point). In each block,
 * the range from the lowest to the highest value, widened to include 0, has 15 steps: scale = range / 15, zero point =
 * round(−lowest / scale), code = round(x / scale) + zero point. The codes behind a last block that is not full are 0, and
 * the op ignores them.
 *
 * The scales are not fitted to the codes. That would lower the error of most weights by a twentieth; but of a base that is
 * in 4 bits already it finds the steps again, and rounds away half of what an adapter changed.
 *
 * @param roundScale rounds a scale to the precision in which it is stored
 */
export function quantizeBlocks4(
  rows: Float32Array,
  input: number,
  roundScale: (scale: number) => number = Math.fround,
): Blocks4 {
  const { fround } = Math;
  const blocks = Math.ceil(input / BLOCK_4);
  const count = rows.length / input;
  const codes = new Uint8Array((count * blocks * BLOCK_4) / 2);
  const scales = new Float32Array(count * blocks);
  const pairs = Math.ceil(blocks / 2);
  const zeroPoints = new Uint8Array(count * pairs);
  for (let row = 0; row < count; row++) {
    if (blocks % 2 === 1) zeroPoints[(row + 1) * pairs - 1] = UNUSED << 4;
    for (let block = 0; block < blocks; block++) {
      const begin = row * input + block * BLOCK_4;
      const x = rows.subarray(begin, Math.min(begin + BLOCK_4, (row + 1) * input));
      const [lowest, highest] = rangeOf(x);
      const scale = normal(roundScale(fround(fround(highest - lowest) / MOST)));
      const zero = scale === 0 ? 0 : clamp(roundAway(fround(-lowest / scale)), MOST);
      const inverse = scale === 0 ? 0 : fround(1 / scale);
      const index = row * blocks + block;
      scales[index] = scale;
      zeroPoints[row * pairs + (block >> 1)]! |= zero << (block & 1 ? 4 : 0);
      for (let i = 0; i < x.length; i++) {
        const code = clamp(roundAway(fround(fround(x[i]! * inverse) + zero)), MOST);
        codes[(index * BLOCK_4 + i) >> 1]! |= code << (i & 1 ? 4 : 0);
      }
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
    const { codes, scales, zeroPoints } = quantizeBlocks4(rows, input, toF16);
    return [codes, roundedTo('F16', scales), zeroPoints];
  },
  decode: ([codes = EMPTY, scales = EMPTY, zeroPoints = EMPTY], input) =>
    dequantizeBlocks4({ codes, scales: floatsOf('F16', scales), zeroPoints }, input),
  rounding: { ...steps, scales: 'F16' },
};

function toF16(value: number): number {
  return f16ToF32(f32ToF16(Float32Array.of(value)))[0]!;
}
