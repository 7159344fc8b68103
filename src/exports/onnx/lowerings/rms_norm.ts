import { elements, rowElements, type Tensor } from '../../../ops/op';
import type { Lowering } from '../scope';

interface Attributes {
  readonly eps: number;
}

type Inputs = Readonly<Record<'x' | 'weight', Tensor>>;

/** Of whole rows, or of each head by itself. */
export const rmsNorm: Lowering<Inputs, Attributes> = {
  op: 'rms_norm',
  lower({ inputs: { x, weight }, attributes: { eps } }, scope) {
    const { graph } = scope;
    const columns = rowElements(x.shape);
    const size = elements(weight.shape, 1);
    const reshaped = (value: string, width: number): string =>
      size === columns ? value : graph.op('Reshape', [value, graph.ints([-1, width])]);
    const normed = graph.op(
      'SimplifiedLayerNormalization',
      [reshaped(scope.value(x), size), scope.value(weight)],
      {
        attributes: { axis: { int: -1 }, epsilon: { float: eps }, stash_type: { int: 1 } },
      },
    );
    return { y: reshaped(normed, columns) };
  },
};

export const addRmsNorm: Lowering<Inputs & Readonly<Record<'delta', Tensor>>, Attributes> = {
  op: 'add_rms_norm',
  lower({ inputs: { x, delta, weight }, attributes: { eps } }, scope) {
    const { graph } = scope;
    const [y, sum] = [graph.fresh('SkipSimplifiedLayerNormalization'), graph.fresh('Sum')];
    graph.microsoft('SkipSimplifiedLayerNormalization', [x, delta, weight].map(scope.value), {
      attributes: { epsilon: { float: eps } },
      outputs: [y, '', '', sum],
    });
    return { y, sum };
  },
};
