import { f32ToBf16, f32ToF16 } from '../core/dtype';
import type { PackBlock } from './ggml_block';
import { packerOf32 } from './ggml_quantize_32';
import { packerOfK } from './ggml_quantize_k';
import { ggmlBlock, type GgmlType } from './ggml_types';

/** The types that this module can encode. */
export const ggmlEncoded = [
  'F32',
  'F16',
  'BF16',
  'Q8_0',
  'Q4_0',
  'Q4_1',
  'Q5_0',
  'Q5_1',
  'Q4_K',
  'Q5_K',
  'Q6_K',
] as const satisfies readonly GgmlType[];
export type GgmlEncoded = (typeof ggmlEncoded)[number];

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
  const block = ggmlBlock(type);
  if (rowLength <= 0 || rowLength % block.elements !== 0 || values.length % rowLength !== 0) {
    throw new Error(`${values.length} values are no rows of ${rowLength} in blocks of ${type}`);
  }
  requireFinite(values);
  if (type === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (type === 'BF16') return requireBounded(f32ToBf16(values), 0x7f80);
  if (type === 'F16') return requireBounded(f32ToF16(values), 0x7c00);
  const blocks = values.length / block.elements;
  const bytes = new Uint8Array(blocks * block.bytes);
  const pack = packerOf(type);
  for (let i = 0; i < blocks; i++) pack(values, i * block.elements, bytes, i * block.bytes);
  return bytes;
}

function packerOf(type: Exclude<GgmlEncoded, 'F32' | 'F16' | 'BF16'>): PackBlock {
  switch (type) {
    case 'Q4_K':
    case 'Q5_K':
    case 'Q6_K':
      return packerOfK(type);
    default:
      return packerOf32(type);
  }
}

function requireFinite(values: Float32Array): void {
  // A loop: a callback for each of millions of values would take longer than encoding them.
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) throw new RangeError('A weight is NaN or infinite');
  }
}

/** @param infinite the bits of the format's infinity, which a value beyond its range is rounded to */
function requireBounded(rounded: Uint16Array<ArrayBuffer>, infinite: number): Uint8Array<ArrayBuffer> {
  for (let i = 0; i < rounded.length; i++) {
    if ((rounded[i]! & 0x7fff) === infinite) throw new RangeError('A weight is beyond the range of its type');
  }
  return new Uint8Array(rounded.buffer);
}
