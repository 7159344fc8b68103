import type { MagnitudeInputs } from '../../../ops/magnitude';
import { rowElements, type Tensors } from '../../../ops/op';
import type { Lowering } from '../scope';

/** The name of DoRA's factors in a graph, from that of its magnitudes. */
export function factorsName(magnitudes: string): string {
  return `${magnitudes}.factors`;
}

/** DoRA: y = magnitude / norms ⊙ x + bias + residual. Without training, the first factor is a constant. IA³ has no norms. */
export const magnitude: Lowering<MagnitudeInputs & Tensors, null> = {
  op: 'magnitude',
  lower({ inputs }, scope) {
    const { x, magnitude: lengths, norms, bias, residual } = inputs;
    const { graph } = scope;
    const columns = [rowElements(x.shape)];
    const factors = scope.vector(norms ? factorsName(lengths.name) : lengths.name, columns, async () => {
      const numerators = await scope.valuesOf(lengths);
      if (!norms) return numerators;
      const divisors = await scope.valuesOf(norms);
      return numerators.map((length, i) => length / (divisors[i] ?? NaN));
    });
    let y = graph.op('Mul', [scope.value(x), factors]);
    for (const added of [bias, residual]) if (added) y = graph.op('Add', [scope.value(added), y]);
    return { y };
  },
};
