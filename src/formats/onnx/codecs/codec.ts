import type { FloatDtype } from '../../../core/dtype';

/** One way to store rows of weights for ONNX Runtime's ops. */
export interface OnnxCodec {
  /**
   * Encodes whole rows: codes, scales and zero points, as far as it has them, each with as many entries for every row.
   *
   * @throws RangeError for values beyond the range of float16, if it stores values or scales so
   */
  encode(rows: Float32Array, rowLength: number): readonly ArrayBufferView[];
  /** The values of encoded rows. */
  decode(arrays: readonly Uint8Array[], rowLength: number): Float32Array<ArrayBuffer>;
  readonly rounding: OnnxRounding;
}

/** How a codec rounds: each value to the nearest of a dtype, or to steps of a block's range. */
export type OnnxRounding = { readonly dtype: FloatDtype } | OnnxSteps;

export interface OnnxSteps {
  /** Columns of a row that share a scale; absent if all of them do. */
  readonly block?: number;
  /** Steps from the lowest to the highest value. */
  readonly steps: number;
  /** The steps are as large above 0 as below it. */
  readonly isSymmetric?: boolean;
  /** The type of the scales, if another than float32. */
  readonly scales?: 'F16';
}
