import { bytesOf } from '../../../core/bytes';
import { blocks4, blocks4F16 } from './blocks4';
import type { OnnxCodec } from './codec';
import { float16, float32 } from './floats';
import { rows8, table8 } from './rows8';

/** The forms of weights that ONNX Runtime's ops take. */
const CODECS = {
  float32,
  float16,
  q4: blocks4,
  q4f16: blocks4F16,
  q8: rows8,
  q8_table: table8,
} as const satisfies Readonly<Record<string, OnnxCodec>>;

export type OnnxEncoded = keyof typeof CODECS;

export function onnxCodec(type: OnnxEncoded): OnnxCodec {
  return CODECS[type];
}

/**
 * Encodes whole rows: codes, scales and zero points, as far as the form has them.
 *
 * @throws RangeError for values that are not finite, or beyond the range of float16
 */
export function quantizeOnnx(
  type: OnnxEncoded,
  values: Float32Array,
  rowLength: number,
): readonly Uint8Array<ArrayBuffer>[] {
  if (!values.every(Number.isFinite)) throw new RangeError('a value is not finite');
  const arrays = CODECS[type].encode(values, rowLength);
  return arrays.map((array) => bytesOf(array) as Uint8Array<ArrayBuffer>);
}

/** The values of rows that `quantizeOnnx` encoded. */
export function dequantizeOnnx(
  type: OnnxEncoded,
  arrays: readonly Uint8Array[],
  rowLength: number,
): Float32Array<ArrayBuffer> {
  return CODECS[type].decode(arrays, rowLength);
}
