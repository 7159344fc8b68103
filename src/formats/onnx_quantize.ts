import { bytesOf } from '../core/bytes';
import { f16ToF32, f32ToF16, floatsOf } from '../core/dtype';

/**
 * The forms of weights that ONNX Runtime's ops take: plain numbers; `q4` and `q4f16`, 4 bits for MatMulNBits with scales
 * in f32 or f16; `q8`, unsigned 8 bits for MatMulInteger; `q8_table`, signed 8 bits of embeddings.
 */
export type OnnxEncoded = 'float32' | 'float16' | 'q4' | 'q4f16' | 'q8' | 'q8_table';

type Bytes = Uint8Array<ArrayBuffer>;

const INFINITE_F16 = 0x7c00;

/**
 * Encodes whole rows as ONNX Runtime's own tools do: codes, scales, and for `q8` zero points.
 *
 * @throws RangeError for values that are not finite, or beyond the range of float16
 */
export function quantizeOnnx(type: OnnxEncoded, values: Float32Array, rowLength: number): readonly Bytes[] {
  if (!values.every(Number.isFinite)) throw new RangeError('a value is not finite');
  const arrays = encoded(type, values, rowLength);
  return arrays.map((array) => bytesOf(array) as Bytes);
}

function encoded(type: OnnxEncoded, values: Float32Array, rowLength: number): readonly ArrayBufferView[] {
  switch (type) {
    case 'float32':
      return [values];
    case 'float16':
      return [halves(values)];
    case 'q4':
    case 'q4f16': {
      const { codes, scales } = quantizeBlocks4(values, rowLength, type === 'q4f16' ? toF16 : undefined);
      return [codes, type === 'q4f16' ? halves(scales) : scales];
    }
    case 'q8': {
      const { codes, scales, zeroPoints } = quantizeRows8(values, rowLength);
      return [codes, scales, zeroPoints];
    }
    case 'q8_table': {
      const { codes, scales } = quantizeSigned8(values, rowLength);
      return [codes, scales];
    }
  }
}

/** The values of rows that `quantizeOnnx` encoded. */
export function dequantizeOnnx(
  type: OnnxEncoded,
  [codes, scaleBytes, zeroPoints]: readonly Uint8Array[],
  rowLength: number,
): Float32Array<ArrayBuffer> {
  if (!codes) throw new Error('there are no codes');
  if (type === 'float32') return floatsOf('F32', codes);
  if (type === 'float16') return floatsOf('F16', codes);
  const scales = floatsOf(type === 'q4f16' ? 'F16' : 'F32', scaleBytes ?? new Uint8Array());
  if (type === 'q4' || type === 'q4f16') return dequantizeBlocks4(codes, scales, rowLength);
  const integers = type === 'q8_table' ? new Int8Array(codes.buffer, codes.byteOffset, codes.length) : codes;
  return Float32Array.from(integers, (code, i) => {
    const row = Math.floor(i / rowLength);
    return (code - (zeroPoints?.[row] ?? 0)) * scales[row]!;
  });
}

/** Rounds to f16. Throws RangeError for values beyond its range. */
function halves(values: Float32Array): Uint16Array<ArrayBuffer> {
  const rounded = f32ToF16(values);
  if (rounded.some((bits) => (bits & 0x7fff) === INFINITE_F16)) throw new RangeError('beyond float16');
  return rounded;
}

function toF16(value: number): number {
  return f16ToF32(f32ToF16(Float32Array.of(value)))[0]!;
}

/** Columns of a row that share a scale. */
export const BLOCK_4 = 32;
/** The code of zero. */
const ZERO_4 = 8;

export interface Blocks4 {
  /** Two codes a byte, the first in the low nibble: [rows, blocks, 16]. */
  readonly codes: Uint8Array<ArrayBuffer>;
  /** [rows, blocks] */
  readonly scales: Float32Array<ArrayBuffer>;
}

/**
 * The weights of MatMulNBits with 4 bits and no zero points, to the bit as `MatMulNBitsQuantizer` computes them: in each
 * block, scale = (the value of the largest magnitude) / −8 and code = round(x / scale) + 8. The codes behind a last
 * block that is not full are 0, and the op ignores them.
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
  for (let row = 0; row < count; row++) {
    for (let block = 0; block < blocks; block++) {
      const begin = row * input + block * BLOCK_4;
      const end = Math.min(begin + BLOCK_4, (row + 1) * input);
      const index = row * blocks + block;
      const scale = roundScale(fround(extreme(rows, begin, end) / -ZERO_4));
      const inverse = scale === 0 ? 0 : fround(1 / scale);
      scales[index] = scale;
      const first = index * BLOCK_4;
      for (let i = begin; i < end; i++) {
        const code = clamp(roundAway(fround(fround(rows[i]! * inverse) + ZERO_4)), 15);
        const at = first + i - begin;
        const byte = at >> 1;
        codes[byte] = at & 1 ? (codes[byte]! & 15) | (code << 4) : (codes[byte]! & 0xf0) | code;
      }
    }
  }
  return { codes, scales };
}

/** The values of `quantizeBlocks4`, f32 [rows, input]. */
export function dequantizeBlocks4(
  codes: Uint8Array,
  scales: Float32Array,
  input: number,
): Float32Array<ArrayBuffer> {
  const blocks = Math.ceil(input / BLOCK_4);
  const values = new Float32Array((scales.length / blocks) * input);
  for (let i = 0; i < values.length; i++) {
    const row = Math.floor(i / input);
    const column = i - row * input;
    const at = row * blocks * BLOCK_4 + column;
    const pair = codes[at >> 1]!;
    const code = at & 1 ? pair >> 4 : pair & 15;
    values[i] = (code - ZERO_4) * scales[row * blocks + Math.floor(column / BLOCK_4)]!;
  }
  return values;
}

/** The value of the largest magnitude; of two, the smaller one. */
function extreme(values: Float32Array, begin: number, end: number): number {
  let lowest = Infinity;
  let highest = -Infinity;
  for (let i = begin; i < end; i++) {
    const value = values[i]!;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return Math.abs(highest) > Math.abs(lowest) ? highest : lowest;
}

/** Rounds to the nearest integer, halves away from zero, as C's roundf. */
function roundAway(value: number): number {
  return value < 0 ? -Math.floor(0.5 - value) : Math.floor(value + 0.5);
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(most, value));
}

export interface Rows8 {
  /** [rows, input] */
  readonly codes: Uint8Array<ArrayBuffer>;
  /** [rows] */
  readonly scales: Float32Array<ArrayBuffer>;
  /** [rows] */
  readonly zeroPoints: Uint8Array<ArrayBuffer>;
}

/**
 * Unsigned 8 bits with a scale and a zero point for each row, as `quantize_dynamic` with `per_channel` and QUInt8: the
 * range from the lowest to the highest value, widened to include zero, in 255 steps; halves round to even.
 */
export function quantizeRows8(rows: Float32Array, input: number): Rows8 {
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
  return { codes, scales, zeroPoints };
}

const SMALLEST_NORMAL = 2 ** -126;

/** Rounds to the nearest integer, halves to the even one. */
function roundEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

export interface Signed8 {
  /** [rows, input] */
  readonly codes: Int8Array<ArrayBuffer>;
  /** [rows] */
  readonly scales: Float32Array<ArrayBuffer>;
}

/** Signed 8 bits with a scale for each row: the largest magnitude becomes 127. */
export function quantizeSigned8(rows: Float32Array, input: number): Signed8 {
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
  return { codes, scales };
}
