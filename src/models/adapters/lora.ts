import { alignUp } from '../../core/align';
import { linear, type LoraPair } from '../../ops/linear';
import type { AdaptedShape, AdapterKind, AdapterPart, BoundModule, MergeInputs, PartValues } from './kind';
import { addProduct } from './pair_sum';

/** The two matrices of a low-rank pair: A [r, in], B [out, r]. */
export function pairParts({ out, in: input, rank }: AdaptedShape): readonly [AdapterPart, AdapterPart] {
  const padded = alignUp(rank, 4);
  return [
    {
      part: 'lora_A',
      file: 'lora_A.weight',
      shape: [rank, input],
      padded: [padded, input],
      start: 'kaiming_uniform',
    },
    { part: 'lora_B', file: 'lora_B.weight', shape: [out, rank], padded: [out, padded], start: 'zero' },
  ];
}

/** The pair of a bound module, as the ops take it. */
export function pairOf({ parts, scale, dropout }: BoundModule): LoraPair {
  const { lora_A: A, lora_B: B } = parts;
  if (!A || !B) throw new Error('this adapter has no low-rank pair');
  return { A, B, scale, ...(dropout && { dropout }) };
}

/** The pair among an adapter's values. */
function pairValues({ lora_A: A, lora_B: B }: PartValues): { A: Float32Array; B: Float32Array } {
  if (!A || !B) throw new Error('this adapter has no low-rank pair');
  return { A, B };
}

/** rows += scale · B A, as `addProduct`. */
export function addPair({ parts, ...inputs }: MergeInputs): void {
  addProduct({ ...inputs, ...pairValues(parts) });
}

/** LoRA (Hu et al. 2021): y = x Wᵀ + scale · dropout(x) Aᵀ Bᵀ, with initial values random for A and zero for B. */
export const lora: AdapterKind = {
  name: 'lora',
  title: 'LoRA',
  isMeant: () => true,
  parts: pairParts,
  linear: (builder, inputs, module) => linear(builder, { ...inputs, lora: pairOf(module) }),
  inGeneration: (map, module) => ({ map: { ...map, lora: pairOf(module) } }),
  lowRank: pairValues,
  merge: addPair,
};
