import { bytesOf } from '../../core/bytes';
import { quantizeGgml } from '../../formats/ggml/rows';
import type { GgmlEncoded } from '../../formats/ggml/types';
import { recoverNF4 } from '../../formats/nf4_recovered';
import { onnxCodec, quantizeOnnx, type OnnxEncoded } from '../../formats/onnx/codecs/codecs';

/** ggml's formats, one array: the rows' blocks. */
interface GgmlEncoding {
  readonly encoder: 'ggml';
  readonly type: GgmlEncoded;
  readonly rowLength: number;
}

/** The forms of ONNX Runtime's ops: codes, scales, and zero points if the form has them. */
interface OnnxEncoding {
  readonly encoder: 'onnx';
  readonly type: OnnxEncoded;
  readonly rowLength: number;
}

/** Values that come from NF4, as they were: codes and scales. Rows are whole blocks. */
interface NF4Encoding {
  readonly encoder: 'nf4';
  readonly type: 'NF4';
  readonly rowLength: number;
  readonly blockSize: number;
}

/**
 * The way to encode rows of float32. Another encoder is another type here and another case in `encode`. It encodes each
 * row by itself, so that rows can be distributed to threads.
 */
export type Encoding = GgmlEncoding | OnnxEncoding | NF4Encoding;

/** Encoded rows: one or several arrays (codes, scales), each with one entry of the same length a row. */
export type Encoded = readonly Uint8Array<ArrayBuffer>[];

/**
 * Encodes whole rows.
 *
 * @param values the result may use their memory
 * @throws RangeError for values that are not finite, or beyond the format's range
 */
export function encode(encoding: Encoding, values: Float32Array<ArrayBuffer>): Encoded {
  const { rowLength } = encoding;
  switch (encoding.encoder) {
    case 'ggml':
      return [quantizeGgml(encoding.type, values, rowLength)];
    case 'onnx':
      return quantizeOnnx(encoding.type, values, rowLength);
    case 'nf4': {
      const { codes, absmax } = recoverNF4(values, encoding.blockSize);
      return [codes, bytesOf(absmax)];
    }
  }
}

/** The name of an encoding for a person; for one with scales in float16, of their type. */
export function encodingName(encoding: Encoding): string {
  if (encoding.encoder !== 'onnx') return encoding.type;
  const { rounding } = onnxCodec(encoding.type);
  return 'steps' in rounding && rounding.scales === 'F16' ? 'float16' : encoding.type;
}
