import { Trace } from '../../graph/trace';
import { decoder, headWeight } from '../../models/decoder';
import { BoundAdapter } from '../../models/adapters/bound';
import type { AdapterLayout } from '../../models/adapters/layout';
import { BoundWeights, type ModelLayout } from '../../models/layout';
import { headLogits } from '../../ops/head_cross_entropy';
import { OnnxGraph } from './graph';
import { LoweredTrace } from './lowered_trace';
import type { Quantization } from './quantizations';
import type { GraphWeights } from './weights';

/**
 * The graph of a decoder with its caches, made from the same forward pass that trains and generates. Its inputs and
 * outputs have the names and shapes that transformers.js and onnxruntime-genai use.
 *
 * @param adapter stays beside the base's weights; absent if `weights` holds it already
 * @throws TunesmithError `export_onnx_op` if an op of the forward pass has no lowering
 */
export function decoderGraph(
  layout: ModelLayout,
  adapter: AdapterLayout | undefined,
  weights: GraphWeights,
  quantization: Quantization,
): OnnxGraph {
  const { spec } = layout;
  const trace = new Trace();
  const bound = new BoundWeights(trace, layout);
  const hidden = decoder(trace, spec, bound, adapter && new BoundAdapter(trace, adapter, false), {
    tokens: trace.bound('tokens', 'u32', ['rows']),
    rows: {
      kind: 'segments',
      segments: trace.bound('segments', 'u32', ['rows', 2]),
      positions: trace.bound('positions', 'u32', ['rows']),
    },
  });
  const logits = headLogits(trace, { hidden, head: headWeight(spec, bound) });
  const graph = new OnnxGraph();
  new LoweredTrace(trace, graph, { spec, weights, quantization }).value(logits);
  return graph;
}
