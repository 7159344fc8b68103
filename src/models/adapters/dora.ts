import { adaptedNorms } from '../../ops/adapted_norms';
import { dropoutSplit } from '../../ops/dropout_split';
import { linear } from '../../ops/linear';
import { magnitudeScale } from '../../ops/magnitude';
import type { Tensor } from '../../ops/op';
import type { AdapterKind, BoundModule } from './kind';
import { addsPair, pairOf, pairParts, trainedPair } from './lora';
import { loraForm } from './lora_form';

const MAGNITUDE = 'lora_magnitude_vector';

/**
 * DoRA (Liu et al. 2024, arXiv 2402.09353), as in PEFT: y = magnitude / ‖W + scale · B A‖ ⊙ x (W + scale · B A)ᵀ +
 * bias, The gradient treats the norms of the rows as constants; magnitude starts as the norms. With dropout the base
 * still sees all of x: y = (x − x̃) Wᵀ + magnitude / ‖…‖ ⊙ x̃ (W + scale · B A)ᵀ + bias with x̃ = dropout(x).
 */
export const dora: AdapterKind = {
  name: 'dora',
  title: 'DoRA',
  finetuningType: 'lora',
  isMeant: ({ use_dora }) => use_dora,
  peft: loraForm,
  parts: (shape) => [
    ...pairParts(shape),
    { part: MAGNITUDE, file: MAGNITUDE, shape: [shape.out], padded: [shape.out], start: 'derived' },
  ],
  derived: {
    size: ({ out }) => out,
    fill(builder, weight, module) {
      const { A, B, scale } = pairOf(module);
      adaptedNorms(builder, { weight, A, B, norms: normsOf(module) }, { scale });
    },
  },
  linear(builder, { x, weight, bias, residual }, module) {
    const { dropout, ...lora } = pairOf(module);
    const scales = { magnitude: magnitudeOf(module), norms: normsOf(module) };
    if (!dropout) {
      return magnitudeScale(builder, { x: linear(builder, { x, weight, lora }), ...scales, bias, residual });
    }
    const { kept, rest } = dropoutSplit(builder, x, dropout);
    const y = magnitudeScale(builder, { x: linear(builder, { x: kept, weight, lora }), ...scales, residual });
    return linear(builder, { x: rest, weight, bias, residual: y });
  },
  inGeneration({ weight, bias }, module) {
    const scales = { magnitude: magnitudeOf(module), norms: normsOf(module) };
    return {
      map: { weight, lora: pairOf(module) },
      finish: (builder, x) => magnitudeScale(builder, { x, ...scales, bias }),
    };
  },
  merge(module) {
    const { in: input, parts } = module;
    const magnitude = parts[MAGNITUDE];
    if (!magnitude) throw new Error('this adapter has no magnitudes');
    const add = addsPair(trainedPair(module), module);
    return (rows, firstRow) => {
      add(rows, firstRow);
      for (let first = 0, row = firstRow; first < rows.length; first += input, row++) {
        let square = 0;
        for (let k = first; k < first + input; k++) square += rows[k]! * rows[k]!;
        const factor = magnitude[row]! / Math.sqrt(square);
        for (let k = first; k < first + input; k++) rows[k]! *= factor;
      }
    };
  },
};

function magnitudeOf({ parts }: BoundModule): Tensor {
  const magnitude = parts[MAGNITUDE];
  if (!magnitude) throw new Error('this adapter has no magnitudes');
  return magnitude;
}

function normsOf({ derived }: BoundModule): Tensor {
  if (!derived) throw new Error('this adapter has no norms');
  return derived;
}
