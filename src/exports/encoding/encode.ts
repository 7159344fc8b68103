import { quantizeGgml, type GgmlEncoded } from '../../formats/ggml_quantize';

/** ggml's formats, one array: the rows' blocks. */
interface GgmlEncoding {
  readonly encoder: 'ggml';
  readonly type: GgmlEncoded;
  readonly rowLength: number;
}

/**
 * The way to encode rows of float32. Another encoder is another type here and another case in `encode`. It encodes each
 * row by itself, so that rows can be distributed to threads.
 */
export type Encoding = GgmlEncoding;

/** Encoded rows: one or several arrays (codes, scales), each with one entry of the same length a row. */
export type Encoded = readonly Uint8Array<ArrayBuffer>[];

/**
 * Encodes whole rows.
 *
 * @param values the result may use their memory
 * @throws RangeError for values that are not finite, or beyond the format's range
 */
export function encode(encoding: Encoding, values: Float32Array<ArrayBuffer>): Encoded {
  return [quantizeGgml(encoding.type, values, encoding.rowLength)];
}

/** The name of an encoding for a person. */
export function encodingName({ type }: Encoding): string {
  return type;
}
