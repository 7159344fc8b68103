import type { AttentionAttributes } from '../../../ops/attention';
import type { Tensor } from '../../../ops/op';
import type { RotaryAttributes } from '../../../ops/rotary';
import type { Lowering, OnnxScope } from '../scope';
import type { RotaryInputs } from './rotary';

/** GroupQueryAttention turns heads only if both sizes are multiples of this. */
const TURNED = 16;

/**
 * Attention of the rows and those that the caches hold, as transformers.js and onnxruntime-genai name them. If queries
 * and keys are turned by one table, GroupQueryAttention does it.
 */
export const attention: Lowering<Readonly<Record<'q' | 'k' | 'v', Tensor>>, AttentionAttributes> = {
  op: 'attention',
  lower({ inputs: { q, k, v }, attributes }, scope) {
    const { graph, run, block, float } = scope;
    const { heads, kvHeads, headDim, scale, window } = attributes;
    const cache = (part: string, time: 'past_key_values' | 'present', length: string) => ({
      name: `${time}.${block}.${part}`,
      type: float,
      shape: ['batch_size', kvHeads, length, headDim],
    });
    const past = ['key', 'value'].map((part) =>
      graph.input(cache(part, 'past_key_values', 'past_sequence_length')),
    );
    const present = ['key', 'value'].map((part) =>
      graph.output(cache(part, 'present', 'total_sequence_length')),
    );
    const turn = turnOf(scope, q, k);
    const rows = [turn?.q ?? q, turn?.k ?? k, v].map((tensor) => scope.inSequences(scope.value(tensor)));
    const table = turn && scope.rotary(turn.table);
    const output = graph.microsoft(
      'GroupQueryAttention',
      [...rows, ...past, run.lastKeys(), run.totalLength(), ...(table ? [table.cos, table.sin] : [])],
      {
        attributes: {
          num_heads: { int: heads },
          kv_num_heads: { int: kvHeads },
          scale: { float: scale },
          local_window_size: { int: window ?? -1 },
          do_rotary: { int: Number(table !== undefined) },
          rotary_interleaved: { int: Number(turn?.interleaved ?? false) },
        },
        outputs: [graph.fresh('GroupQueryAttention'), ...present],
      },
    );
    return { o: scope.inRows(output, heads * headDim) };
  },
};

/** The rows before both were turned, and how. */
function turnOf(
  { producer }: OnnxScope,
  q: Tensor,
  k: Tensor,
): { q: Tensor; k: Tensor; table: Tensor; interleaved: boolean } | undefined {
  const [ofQ, ofK] = [producer(q), producer(k)];
  if (ofQ?.op.name !== 'rotary' || ofK?.op.name !== 'rotary') return undefined;
  const { x, table } = ofQ.inputs as RotaryInputs;
  const { headDim, dim, interleaved } = ofQ.attributes as RotaryAttributes;
  if (headDim % TURNED !== 0 || dim % TURNED !== 0) return undefined;
  return { q: x, k: (ofK.inputs as RotaryInputs).x, table, interleaved };
}
