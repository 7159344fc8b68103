import type { Tensor } from '../../../ops/op';
import type { RotaryAttributes } from '../../../ops/rotary';
import type { Lowering } from '../scope';

export type RotaryInputs = Readonly<Record<'x' | 'positions' | 'table', Tensor>>;

/** An op of its own, for heads that attention can't turn itself. */
export const rotary: Lowering<RotaryInputs, RotaryAttributes> = {
  op: 'rotary',
  lower({ inputs: { x, table }, attributes: { heads, headDim, dim, interleaved } }, scope) {
    const { graph, run } = scope;
    const { cos, sin } = scope.rotary(table);
    const turned = graph.microsoft(
      'RotaryEmbedding',
      [scope.inSequences(scope.value(x)), run.past(), cos, sin],
      {
        attributes: {
          interleaved: { int: Number(interleaved) },
          num_heads: { int: heads },
          rotary_embedding_dim: { int: dim === headDim ? 0 : dim },
        },
      },
    );
    return { y: scope.inRows(turned, heads * headDim) };
  },
};
