import {
  ggmlFloats,
  ggmlFormat,
  ggmlReadable,
  ggmlWritable,
  isGgmlPacked,
  type GgmlEncoded,
  type GgmlPacked,
} from './types';

/** Dequantises whole blocks to float32. */
export function dequantizeGgml(type: GgmlPacked, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const { elements, bytes: size, unpack } = ggmlReadable(type);
  const blocks = bytes.length / size;
  if (!Number.isInteger(blocks)) throw new Error(`${bytes.length} bytes are no whole blocks of ${type}`);
  const values = new Float32Array(blocks * elements);
  for (let i = 0; i < blocks; i++) unpack(bytes, i * size, values, i * elements);
  return values;
}

/**
 * Encodes rows of weights for a GGUF file. The bytes equal those of ggml's own reference (`ggml_quantize_chunk` without an
 * importance matrix) for every finite input.
 *
 * @param values whole rows, one after another
 * @param rowLength elements of a row, a multiple of the type's block
 * @returns the rows' bytes; for F32 the memory of `values` itself
 * @throws RangeError for NaN or infinity in `values`, and for a number that the type's half precision can't hold
 */
export function quantizeGgml(
  type: GgmlEncoded,
  values: Float32Array<ArrayBuffer>,
  rowLength: number,
): Uint8Array<ArrayBuffer> {
  const { elements, bytes: size } = ggmlFormat(type);
  if (rowLength <= 0 || rowLength % elements !== 0 || values.length % rowLength !== 0) {
    throw new Error(`${values.length} values are no rows of ${rowLength} in blocks of ${type}`);
  }
  requireFinite(values);
  if (!isGgmlPacked(type)) return ggmlFloats(type).round(values);
  const { pack } = ggmlWritable(type);
  const blocks = values.length / elements;
  const bytes = new Uint8Array(blocks * size);
  for (let i = 0; i < blocks; i++) pack(values, i * elements, bytes, i * size);
  return bytes;
}

function requireFinite(values: Float32Array): void {
  // A loop: a callback for each of millions of values would take longer than encoding them.
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) throw new RangeError('A weight is NaN or infinite');
  }
}
