import type { Shape } from '../../core/shape';
import { ggmlFormat, ggmlNarrower, isGgmlPacked, type GgmlEncoded } from '../../formats/ggml/types';
import type { GgufFileType } from './file_types';

/** A tensor of a GGUF file. */
export interface GgufShape {
  /** llama.cpp's name: `blk.0.attn_q.weight`. */
  readonly name: string;
  /** [rows, columns] of a matrix. */
  readonly shape: Shape;
}

/**
 * The types that llama.cpp's `llama_model_quantize` gives the tensors of a dense model.
 *
 * - Vectors, norms and the kernels of short convolutions are F32.
 * - The output matrix is Q6_K in every quantised file but Q8_0. A model without one shares it with the embedding, which
 *   then has its type.
 * - Some kinds of files have a finer type for `attn_v` and `ffn_down` of some blocks: the first eighth, the last eighth, and
 *   every third between.
 * - A matrix whose rows are no whole blocks of 256 gets a type with blocks of 32; one whose rows are not even that, F16.
 *
 * @param tensors all tensors of the file
 * @returns their types, in the same order
 */
export function ggmlTypesOf(
  { type, finer }: Pick<GgufFileType, 'type' | 'finer'>,
  tensors: readonly GgufShape[],
): readonly GgmlEncoded[] {
  const tied = !tensors.some(({ name }) => name === 'output.weight');
  const improved = finer && improvedTensors(tensors);
  return tensors.map(({ name, shape }): GgmlEncoded => {
    if (!isQuantised(name, shape)) return 'F32';
    if (!isGgmlPacked(type)) return type;
    const columns = shape.at(-1) ?? 0;
    if (name === 'output.weight' || (tied && name === 'token_embd.weight')) {
      return fitted(type === 'Q8_0' || !divides(type, columns) ? 'Q8_0' : 'Q6_K', columns);
    }
    return fitted(finer && improved?.has(name) ? finer : type, columns);
  });
}

function isQuantised(name: string, shape: Shape): boolean {
  const kept = /_norm\.weight$|shortconv\.conv\.weight$/;
  return shape.length > 1 && name.endsWith('.weight') && !kept.test(name);
}

/**
 * The tensors that get more bits. The rule counts blocks; for `attn_v` it counts only blocks with attention.
 */
function improvedTensors(tensors: readonly GgufShape[]): ReadonlySet<string> {
  const blockOf = (name: string): number => Number(/^blk\.(\d+)\./.exec(name)?.[1] ?? 0);
  const named = (pattern: RegExp): string[] =>
    tensors
      .map(({ name }) => name)
      .filter((name) => pattern.test(name))
      .sort((a, b) => blockOf(a) - blockOf(b));
  return new Set(
    [named(/\.attn_v\.weight$/), named(/\.ffn_down\.weight$/)].flatMap((names) =>
      names.filter((_, index) => hasMoreBits(index, names.length)),
    ),
  );
}

function hasMoreBits(index: number, count: number): boolean {
  const eighth = Math.floor(count / 8);
  return index < eighth || index >= Math.floor((7 * count) / 8) || (index - eighth) % 3 === 2;
}

function divides(type: GgmlEncoded, columns: number): boolean {
  return columns % ggmlFormat(type).elements === 0;
}

/** The type itself, or the one that llama.cpp takes if rows of this length are no whole blocks. */
function fitted(type: GgmlEncoded, columns: number): GgmlEncoded {
  if (divides(type, columns)) return type;
  const narrower = ggmlNarrower(type);
  return divides(narrower, columns) ? narrower : 'F16';
}
