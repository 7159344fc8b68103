import type { Trace } from '../graph/trace';
import { attention, cachedAttention } from '../ops/attention';
import { embedding } from '../ops/embedding';
import { gatedActivation } from '../ops/gated_activation';
import { linear } from '../ops/linear';
import type { Tensor } from '../ops/op';
import { addRmsNorm, rmsNorm } from '../ops/rms_norm';
import { rotary } from '../ops/rotary';
import type { DenseWeight } from '../ops/weight';
import type { BoundWeights } from './layout';
import type { BoundAdapter } from './lora';
import { linearBias, modulePath, type LinearModule, type ModelSpec } from './spec';

export interface DecoderInputs {
  /** u32 [rows] */
  readonly tokens: Tensor;
  /** u32 [rows], within each example. */
  readonly positions: Tensor;
  readonly context: AttentionContext;
}

/** What a row may look at: its own example's earlier rows, or the rows in a cache and those before it. */
export type AttentionContext =
  | {
      readonly kind: 'segments'; /** u32 [rows, 2] */
      readonly segments: Tensor;
    }
  | { readonly kind: 'cache'; readonly layers: readonly { readonly key: Tensor; readonly value: Tensor }[] };

/**
 * The forward pass of Llama and its kin (Qwen2, Qwen3): tokens [rows] → hidden states after the last norm, f32
 * [rows, hidden]. Everything else about training and generating is derived from this.
 */
export function decoder(
  trace: Trace,
  spec: ModelSpec,
  weights: BoundWeights,
  adapter: BoundAdapter | undefined,
  { tokens, positions, context }: DecoderInputs,
): Tensor {
  const { heads, kvHeads, headDim, rmsNormEps: eps } = spec;

  const project = (layer: number, module: LinearModule, x: Tensor, residual?: Tensor): Tensor => {
    const path = modulePath(layer, module);
    return linear(trace, {
      x,
      weight: weights.weight(`${path}.weight`),
      bias: linearBias(spec, module) ? weights.vector(`${path}.bias`) : undefined,
      lora: adapter?.pair(path),
      residual,
    });
  };

  const rotated = (layer: number, name: 'q' | 'k', x: Tensor): Tensor => {
    const count = name === 'q' ? heads : kvHeads;
    const normed = spec.qkNorm
      ? rmsNorm(
          trace,
          { x, weight: weights.vector(`model.layers.${layer}.self_attn.${name}_norm.weight`) },
          { eps, groups: count },
        )
      : x;
    return rotary(trace, { x: normed, positions, table: weights.rotary }, { heads: count, headDim });
  };

  const attend = (layer: number, q: Tensor, k: Tensor, v: Tensor): Tensor => {
    const attributes = { heads, kvHeads, headDim, scale: 1 / Math.sqrt(headDim) };
    if (context.kind === 'segments') {
      return attention(trace, { q, k, v, segments: context.segments }, attributes);
    }
    const cache = context.layers[layer];
    if (!cache) throw new Error(`layer ${layer} has no cache`);
    return cachedAttention(trace, { q, k, v, keyCache: cache.key, valueCache: cache.value }, attributes);
  };

  const block = (layer: number, hidden: Tensor): Tensor => {
    const prefix = `model.layers.${layer}`;
    const x = rmsNorm(
      trace,
      { x: hidden, weight: weights.vector(`${prefix}.input_layernorm.weight`) },
      { eps },
    );
    const q = rotated(layer, 'q', project(layer, 'q_proj', x));
    const k = rotated(layer, 'k', project(layer, 'k_proj', x));
    const v = project(layer, 'v_proj', x);
    const attended = project(layer, 'o_proj', attend(layer, q, k, v));
    const { y, sum } = addRmsNorm(
      trace,
      { x: hidden, delta: attended, weight: weights.vector(`${prefix}.post_attention_layernorm.weight`) },
      { eps },
    );
    const gate = project(layer, 'gate_proj', y);
    const up = project(layer, 'up_proj', y);
    const activated = gatedActivation(trace, { gate, up }, { activation: spec.activation });
    return project(layer, 'down_proj', activated, sum);
  };

  let hidden = embedding(trace, { tokens, table: denseWeight(weights, 'model.embed_tokens.weight') });
  for (let layer = 0; layer < spec.layers; layer++) hidden = trace.block(layer, () => block(layer, hidden));
  return rmsNorm(trace, { x: hidden, weight: weights.vector('model.norm.weight') }, { eps });
}

/** The head [vocabulary, hidden]; the embedding where they are tied. */
export function headWeight(spec: ModelSpec, weights: BoundWeights): DenseWeight {
  return denseWeight(weights, spec.tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight');
}

function denseWeight(weights: BoundWeights, name: string): DenseWeight {
  const weight = weights.weight(name);
  if (weight.kind !== 'dense') throw new Error(`${name} is not dense`);
  return weight;
}
