import type { MagnitudeInputs } from '../../../ops/magnitude';
import { rowElements, type Tensors } from '../../../ops/op';
import type { Lowering } from '../scope';

/** The name of DoRA's factors in a graph, from that of its magnitudes. */
export function factorsName(magnitudes: string): string {
  return `${magnitudes}.factors`;
}

/** DoRA: y = magnitude / norms ⊙ x + bias + residual. Without training, the first factor is a constant. */
export const magnitude: Lowering<MagnitudeInputs & Tensors, null> = {
  op: 'magnitude',
  lower({ inputs }, scope) {
    const { x, magnitude: lengths, norms, bias, residual } = inputs;
    const { graph } = scope;
    if (!norms) throw new Error('a graph scales only by magnitudes with norms');
    const factors = scope.vector(factorsName(lengths.name), [rowElements(x.shape)], async () => {
      const [numerators, divisors] = await Promise.all([scope.valuesOf(lengths), scope.valuesOf(norms)]);
      return numerators.map((length, i) => length / (divisors[i] ?? NaN));
    });
    let y = graph.op('Mul', [scope.value(x), factors]);
    for (const added of [bias, residual]) if (added) y = graph.op('Add', [scope.value(added), y]);
    return { y };
  },
};
