import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16, NEAREST, type FloatDtype } from '../../core/dtype';
import { amplitude, range } from '../../formats/block_range';
import { dequantizeGgml, quantizeGgml } from '../../formats/ggml/rows';
import { ggmlWritable, isGgmlPacked, type GgmlEncoded } from '../../formats/ggml/types';
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

/** One of ggml's types. */
export function ggmlRounding(type: GgmlEncoded): Rounding {
  if (!isGgmlPacked(type)) return floatRounding(type);
  const { elements, allowed } = ggmlWritable(type);
  return {
    block: elements,
    allowed,
    rounded: (values, rowLength) => dequantizeGgml(type, quantizeGgml(type, values, rowLength)),
  };
}

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
  const ofScale = scales === 'F16' ? NEAREST.F16 : 0;
  const least = steps * (scales === 'F16' ? SMALLEST.F16 : SMALLEST_NORMAL);
  const allowed: Rounding['allowed'] = isSymmetric
    ? (values, first) => 2 * amplitude(values, first, block) * (1 / steps + ofScale) + least
    : (values, first) => range(values, first, block) * (1 / steps + ofScale) + least;
  return { block, allowed, rounded };
}
