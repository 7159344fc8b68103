import type { Tensor } from '../../../ops/op';
import type { Lowering } from '../scope';

export const add: Lowering<Readonly<Record<'a' | 'b', Tensor>>, null> = {
  op: 'add',
  lower({ inputs: { a, b } }, { graph, value }) {
    return {
      y: graph.op('Add', [value(a), value(b)]),
    };
  },
};
