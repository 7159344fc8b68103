import type { Dispatch, Lowering, Tape, Tensor, Tensors } from './op';
import type { GradientRequest } from './products/algorithm';
import { matmulGradient } from './products/products';
import type { Weight } from './weight';

/** Where the gradients of a weight's parts are collected, as inputs of a node; none if it is not trained. */
export interface WeightGradients {
  /** By the names gradient0, gradient1, … in the order of the parts. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly further: readonly boolean[];
}

/** Call it in an op's gradient. The parts of a trained weight are f32 and lie in the slot of the parameters. */
export function weightGradients(tape: Tape, weight: Weight): WeightGradients {
  const parts = weight.kind === 'dense' ? weight.parts : [];
  const targets = parts.flatMap(({ tensor }) =>
    tape.needsGradient(tensor) ? [tape.parameterGradient(tensor)] : [],
  );
  return {
    tensors: Object.fromEntries(targets.map(({ tensor }, index) => [`gradient${index}`, tensor])),
    further: targets.map(({ further }) => further),
  };
}

/** The products dW (+)= dyᵀ x of the parts of a trained weight. @param inputs with the tensors of `weightGradients` */
export function weightGradientProducts(
  lowering: Lowering,
  inputs: Tensors,
  { weight, further = [] }: { readonly weight: Weight; readonly further: readonly boolean[] | undefined },
  product: Omit<GradientRequest, 'gradient' | 'part'>,
): readonly Dispatch[] {
  if (weight.kind !== 'dense') return [];
  return weight.parts.flatMap((part, index) => {
    const tensor = inputs[`gradient${index}`];
    if (!tensor) return [];
    return matmulGradient(lowering, {
      ...product,
      part,
      gradient: { tensor, further: further[index] === true },
    });
  });
}
