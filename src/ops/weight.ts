import type { Tensor } from './op';

/** How a dense weight's elements are stored: as in the checkpoint, so that nothing is lost. 16-bit ones lie two to a word. */
export type DenseFormat = 'f32' | 'f16' | 'bf16';

/** A run of a weight's rows small enough for one binding. */
export interface WeightPart {
  readonly firstRow: number;
  readonly rows: number;
  readonly tensor: Tensor;
}

/** A dense matrix [out, in], row-major; large ones are split into parts by rows. `in` is a multiple of 4. */
export interface DenseWeight {
  readonly kind: 'dense';
  readonly name: string;
  readonly format: DenseFormat;
  readonly out: number;
  readonly in: number;
  readonly parts: readonly WeightPart[];
}

/**
 * A matrix [out, in] in bitsandbytes' NF4: 64 elements a block over the row-major matrix; `in` is a multiple of 64, so
 * that no block straddles two rows.
 *
 * codes   u32 [out * in / 8]   the bytes as bitsandbytes packs them, four to a little-endian word; the element of lower
 *                              index is in the high nibble of its byte
 * scales  u32                  `doubleQuant` false: the blocks' absmax as f32 bits [out * in / 64].
 *                              true: the 8-bit map as f32 bits [256], the offset as f32 bits [1] and padding to 320 words,
 *                              then nested_absmax as f32 bits [ceil(blocks / 256)], then the blocks' 8-bit absmax, four
 *                              to a word [ceil(blocks / 4)]
 */
export interface Nf4Weight {
  readonly kind: 'nf4';
  readonly name: string;
  readonly out: number;
  readonly in: number;
  readonly codes: Tensor;
  readonly scales: Tensor;
  readonly doubleQuant: boolean;
}

export type Weight = DenseWeight | Nf4Weight;

/** Words before nested_absmax in the scales of a double-quantised weight. */
export const NESTED_HEADER_WORDS = 320;

/** The tensors of a weight, by name, for a node's inputs. */
export function weightTensors(weight: Weight): Record<string, Tensor> {
  if (weight.kind === 'nf4') return { codes: weight.codes, scales: weight.scales };
  return Object.fromEntries(weight.parts.map(({ tensor }, index) => [`weight${index}`, tensor]));
}
