import { alignUp } from '../../core/align';
import { linear, type LoraPair } from '../../ops/linear';
import type { AdaptedShape, AdapterKind, AdapterPart, BoundModule, MergeInputs, PartValues } from './kind';

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

/** rows += scale · B A, summed over the rank in float64. */
export function addPair({ rows, firstRow, in: input, scale, parts }: MergeInputs): void {
  const { A, B } = pairValues(parts);
  const rank = A.length / input;
  const delta = new Float64Array(input);
  for (let first = 0, row = firstRow; first < rows.length; first += input, row++) {
    delta.fill(0);
    const factor = (j: number): number => scale * B[row * rank + j]!;
    let j = 0;
    // Four rows of A at a time: four times as fast, because each sum is loaded and stored a quarter as often.
    for (; j + 4 <= rank; j += 4) {
      const [b0, b1, b2, b3] = [factor(j), factor(j + 1), factor(j + 2), factor(j + 3)];
      const a0 = j * input;
      const [a1, a2, a3] = [a0 + input, a0 + 2 * input, a0 + 3 * input];
      for (let k = 0; k < input; k++) {
        delta[k] = delta[k]! + b0 * A[a0 + k]! + b1 * A[a1 + k]! + b2 * A[a2 + k]! + b3 * A[a3 + k]!;
      }
    }
    for (; j < rank; j++) {
      const b = factor(j);
      for (let k = 0; k < input; k++) delta[k]! += b * A[j * input + k]!;
    }
    for (let k = 0; k < input; k++) rows[first + k]! += delta[k]!;
  }
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
