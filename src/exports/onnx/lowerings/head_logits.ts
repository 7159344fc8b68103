import { rowElements, type Tensor } from '../../../ops/op';
import type { DenseWeight } from '../../../ops/weight';
import type { Lowering } from '../scope';

/** No end of a slice. */
const END = 2 ** 31 - 1;

/** Logits of the last `num_logits_to_keep` rows of each sequence, or of all rows if it is 0. */
export const headLogits: Lowering<Readonly<Record<'hidden', Tensor>>, { readonly head: DenseWeight }> = {
  op: 'head_logits',
  lower({ inputs: { hidden }, attributes: { head } }, scope) {
    const { graph } = scope;
    const columns = rowElements(hidden.shape);
    const keep = graph.input({ name: 'num_logits_to_keep', type: 'int64', shape: [] });
    const start = graph.op('Reshape', [graph.op('Neg', [keep]), graph.ints([1])]);
    const sequences = scope.inSequences(scope.value(hidden));
    const kept = graph.op('Slice', [sequences, start, graph.ints([END]), graph.ints([1])]);
    const logits = scope.head(scope.inRows(kept, columns), head);
    const shape = graph.op(
      'Concat',
      [graph.op('Shape', [kept], { attributes: { end: { int: 2 } } }), graph.ints([-1])],
      {
        attributes: { axis: { int: 0 } },
      },
    );
    graph.op('Reshape', [logits, shape], { outputs: ['logits'] });
    graph.output({
      name: 'logits',
      type: scope.float,
      shape: ['batch_size', 'logits_length', head.out],
    });
    return { logits: 'logits' };
  },
};
