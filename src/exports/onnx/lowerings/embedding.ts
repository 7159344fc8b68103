import type { DenseWeight } from '../../../ops/weight';
import type { Lowering } from '../scope';

export const embedding: Lowering<
  Record<string, never>,
  { readonly table: DenseWeight; readonly scale: number }
> = {
  op: 'embedding',
  lower({ attributes: { table, scale } }, scope) {
    const y = scope.lookUp(scope.run.tokens, table);
    return { y: scale === 1 ? y : scope.graph.op('Mul', [y, scope.factor(scale)]) };
  },
};
