import { alignUp } from '../../core/align';
import { linear, type LoraPair } from '../../ops/linear';
import type {
  AdaptedShape,
  AdapterKind,
  AdapterPart,
  BoundModule,
  LowRankPair,
  MergeRows,
  PartValues,
  TrainedModule,
} from './kind';
import { loraForm } from './lora_form';
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
export function pairValues({ lora_A: A, lora_B: B }: PartValues): { A: Float32Array; B: Float32Array } {
  if (!A || !B) throw new Error('this adapter has no low-rank pair');
  return { A, B };
}

/** The pair of a trained module. */
export function trainedPair({ parts, scale }: TrainedModule): LowRankPair {
  return { ...pairValues(parts), scale };
}

/** rows += scale · B A, as `addProduct`. */
export function addsPair(pair: LowRankPair, { in: input }: Pick<TrainedModule, 'in'>): MergeRows {
  return (rows, firstRow) => addProduct({ rows, firstRow, in: input, ...pair });
}

/** LoRA (Hu et al. 2021): y = x Wᵀ + scale · dropout(x) Aᵀ Bᵀ, with initial values random for A and zero for B. */
export const lora: AdapterKind = {
  name: 'lora',
  title: 'LoRA',
  finetuningType: 'lora',
  peft: loraForm,
  parts: pairParts,
  linear: (builder, inputs, module) => linear(builder, { ...inputs, lora: pairOf(module) }),
  inGeneration: (map, module) => ({ map: { ...map, lora: pairOf(module) } }),
  lowRank: trainedPair,
  merge: (module) => addsPair(trainedPair(module), module),
};
