import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16, type FloatDtype } from '../../core/dtype';
import { dequantizeGgml, isGgmlPacked } from '../../formats/ggml';
import { quantizeGgml, type GgmlEncoded } from '../../formats/ggml_quantize';
import { ggmlBlock } from '../../formats/ggml_types';
import type { OnnxSteps } from '../../formats/onnx/codecs/codec';
import { SMALLEST_NORMAL } from '../../formats/onnx/codecs/rounds';

type Floats = Float32Array<ArrayBuffer>;

/** How a format rounds the weights of a matrix, as far as a check needs to know it. */
export interface Rounding {
  /** Neighbours in a row that are rounded together. */
  readonly block: number;
  /**
   * The largest root mean square of the rounding errors of a block. It follows from the format's definition, not from
   * the writer's code.
   *
   * @param first the block's first element within `values`, which holds whole rows
   */
  readonly allowed: (values: Float32Array, first: number) => number;
  /** The values after rounding as the format's writer does it: whole rows, one after another. */
  readonly rounded: (values: Floats, rowLength: number) => Floats | Promise<Floats>;
}

/** The largest relative change of a value by rounding to the nearest. */
export const NEAREST: Readonly<Record<FloatDtype, number>> = { F32: 2 ** -24, F16: 2 ** -11, BF16: 2 ** -8 };
/** Half the distance between two neighbours among the smallest numbers of a dtype. */
export const SMALLEST: Readonly<Record<FloatDtype, number>> = {
  F32: 2 ** -150,
  F16: 2 ** -25,
  BF16: 2 ** -134,
};

/** Number of float32 roundings on the device for a sum of few products, with margin: of factors, products, quotients. */
export const ROUNDINGS = 8;

/**
 * The relative error of a row of weights with its adapter, as the device computes it in float32: DoRA's norm sums the squares
 * of the whole row.
 */
export function rowRounding(input: number): number {
  return (Math.sqrt(input) + ROUNDINGS) * NEAREST.F32;
}

/** Each value by itself, to the nearest of the dtype. */
export function floatRounding(dtype: FloatDtype): Rounding {
  return {
    block: 1,
    allowed: (values, first) => NEAREST[dtype] * Math.abs(values[first]!) + SMALLEST[dtype],
    rounded(values) {
      if (dtype === 'F32') return values;
      return dtype === 'F16' ? f16ToF32(f32ToF16(values)) : bf16ToF32(f32ToBf16(values));
    },
  };
}

/**
 * One of ggml's types. With a the largest magnitude of a group of elements, R its range together with 0, and A, R' the
 * largest of the groups of the block:
 *
 *     Q8_0        steps of a / 127, nearest
 *     Q4_0, Q5_0  steps of a / 8, a / 16, nearest, but the opposite end of the range is cut off by up to a step
 *     Q4_1, Q5_1  steps of R / 15, R / 31, nearest
 *     Q6_K        steps of a / 32, one step cut off. A group's scale is rounded by A / (32 · 254), for codes up to 32
 *     Q4_K, Q5_K  steps of R / n. The search lowers the squared error with weights between the group's root mean square
 *                 and twice that on average, hence √2 times the error of the plain steps. Scales and minima, at most
 *                 twice R / n and R, are rounded by 1/126 of the largest
 *
 * Half precision changes a scale by 2⁻¹¹ of it, and so each value by 2⁻¹¹ of the range.
 */
export function ggmlRounding(type: GgmlEncoded): Rounding {
  if (!isGgmlPacked(type)) return floatRounding(type);
  const rounded = (values: Floats, rowLength: number): Floats =>
    dequantizeGgml(type, quantizeGgml(type, values, rowLength));
  const block = ggmlBlock(type).elements;
  const by = (allowed: Rounding['allowed']): Rounding => ({ block, allowed, rounded });
  switch (type) {
    case 'Q8_0':
      return by((values, first) => amplitude(values, first, 32) * (0.5 / 127 + HALF));
    case 'Q4_0':
      return by((values, first) => amplitude(values, first, 32) * (1 / 8 + HALF));
    case 'Q5_0':
      return by((values, first) => amplitude(values, first, 32) * (1 / 16 + HALF));
    case 'Q4_1':
      return by((values, first) => range(values, first, 32) * (0.5 / 15 + 2 * HALF));
    case 'Q5_1':
      return by((values, first) => range(values, first, 32) * (0.5 / 31 + 2 * HALF));
    case 'Q6_K':
      return by((values, first) => ofGroups(values, first, 16, amplitude, 1 / 32, 1 / 254 + 2 * HALF));
    case 'Q4_K':
      return by((values, first) => ofGroups(values, first, 32, range, Math.SQRT1_2 / 15, 4 / 126 + 2 * HALF));
    case 'Q5_K':
      return by((values, first) => ofGroups(values, first, 32, range, Math.SQRT1_2 / 31, 4 / 126 + 2 * HALF));
  }
}

const HALF = NEAREST.F16;

/**
 * Steps from the lowest to the highest value of each block, which always include 0, as ONNX Runtime's block formats have
 * them. A zero point that is a whole number moves the steps by up to half of one. A scale of float16 is rounded like any
 * number, and one that is too small for its type is 0.
 *
 * @param rounded of the format's writer
 */
export function gridRounding({
  block,
  steps,
  isSymmetric = false,
  scales,
  rounded,
}: OnnxSteps & Pick<Rounding, 'block' | 'rounded'>): Rounding {
  const ofScale = scales === 'F16' ? HALF : 0;
  const least = steps * (scales === 'F16' ? SMALLEST.F16 : SMALLEST_NORMAL);
  const allowed: Rounding['allowed'] = isSymmetric
    ? (values, first) => 2 * amplitude(values, first, block) * (1 / steps + ofScale) + least
    : (values, first) => range(values, first, block) * (1 / steps + ofScale) + least;
  return { block, allowed, rounded };
}

/** The largest magnitude of a group. */
function amplitude(values: Float32Array, first: number, count: number): number {
  let most = 0;
  for (let i = first; i < first + count; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}

/** The range of a group, extended to 0. */
function range(values: Float32Array, first: number, count: number): number {
  let [low, high] = [0, 0];
  for (let i = first; i < first + count; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  return high - low;
}

/** The root mean square over the groups of a block of 256: `own` of a group's size and `shared` of the largest size. */
function ofGroups(
  values: Float32Array,
  first: number,
  group: number,
  size: typeof amplitude,
  own: number,
  shared: number,
): number {
  let largest = 0;
  for (let at = first; at < first + 256; at += group) largest = Math.max(largest, size(values, at, group));
  let squares = 0;
  for (let at = first; at < first + 256; at += group) {
    squares += (own * size(values, at, group) + shared * largest) ** 2;
  }
  return Math.sqrt((squares * group) / 256);
}
