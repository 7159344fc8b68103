import type { Trace } from '../graph/trace';
import type { LinearModule } from '../core/linear_modules';
import { add } from '../ops/add';
import { attention, cachedAttention } from '../ops/attention';
import { embedding } from '../ops/embedding';
import { fusedGatedActivation, gatedActivation } from '../ops/gated_activation';
import type { Tensor } from '../ops/op';
import { addRmsNorm, rmsNorm } from '../ops/rms_norm';
import { rotary } from '../ops/rotary';
import { rotaryCache } from '../ops/rotary_cache';
import type { DenseWeight } from '../ops/weight';
import {
  adaptedGate,
  adaptedLinear,
  adaptedLinears,
  type AdaptedMap,
  type BoundAdapter,
} from './adapters/bound';
import type { BoundWeights } from './layout';
import { linearBias, modulePath, type ModelSpec } from './spec';

export interface DecoderInputs {
  /** u32 [rows] */
  readonly tokens: Tensor;
  readonly context: AttentionContext;
}

/** What a row may look at: its own example's earlier rows, or the rows in a cache and those before it. */
export type AttentionContext =
  | {
      readonly kind: 'segments';
      /** u32 [rows, 2] */
      readonly segments: Tensor;
      /** u32 [rows], within each example. */
      readonly positions: Tensor;
    }
  | { readonly kind: 'cache'; readonly layers: readonly { readonly key: Tensor; readonly value: Tensor }[] };

/**
 * The forward pass of all families, which differ in what the spec says: tokens [rows] → hidden states after the last
 * norm, f32 [rows, hidden]. Everything else about training and generating is derived from this.
 */
export function decoder(
  trace: Trace,
  spec: ModelSpec,
  weights: BoundWeights,
  adapter: BoundAdapter | undefined,
  { tokens, context }: DecoderInputs,
): Tensor {
  const { heads, kvHeads, headDim, rmsNormEps: eps, activation } = spec;

  const norm = (path: string, x: Tensor, groups = 1): Tensor =>
    rmsNorm(trace, { x, weight: weights.vector(`${path}.weight`) }, { eps, groups });

  const mapOf = (layer: number, module: LinearModule): AdaptedMap => {
    const path = modulePath(layer, module);
    return {
      weight: weights.weight(`${path}.weight`),
      bias: linearBias(spec, module) ? weights.vector(`${path}.bias`) : undefined,
      adapter: adapter?.around(path),
    };
  };

  const project = (layer: number, module: LinearModule, x: Tensor, residual?: Tensor): Tensor =>
    adaptedLinear(trace, { x, ...mapOf(layer, module), residual });

  const queriesKeysValues = (layer: number, x: Tensor): Readonly<Record<'q' | 'k' | 'v', Tensor>> => {
    const of = <T>(each: (module: LinearModule) => T) => {
      return { q: each('q_proj'), k: each('k_proj'), v: each('v_proj') };
    };
    if (context.kind === 'cache')
      return adaptedLinears(
        trace,
        x,
        of((module) => mapOf(layer, module)),
      );
    return of((module) => project(layer, module, x));
  };

  const attend = (layer: number, x: Tensor): Tensor => {
    const { q: ofQ, k: ofK, v } = queriesKeysValues(layer, x);
    const headNorm = (name: string, y: Tensor, count: number): Tensor =>
      spec.qkNorm ? norm(`model.layers.${layer}.self_attn.${name}`, y, count) : y;
    const [q, k] = [headNorm('q_norm', ofQ, heads), headNorm('k_norm', ofK, kvHeads)];
    const { window, rotary: index } = spec.attention[layer] ?? {};
    const attributes = { heads, kvHeads, headDim, scale: spec.attentionScale, window };
    const turns = index === undefined ? undefined : weights.rotary(index);
    if (context.kind === 'cache') {
      const cache = context.layers[layer];
      if (!cache) throw new Error(`layer ${layer} has no cache`);
      const caches = { keyCache: cache.key, valueCache: cache.value };
      const inputs = { q, k, v, ...caches, table: turns?.table };
      const turned = rotaryCache(trace, inputs, { heads, kvHeads, headDim, rotary: turns });
      return cachedAttention(trace, { q: turned, ...caches }, attributes);
    }
    const { positions, segments } = context;
    const turn = (y: Tensor, count: number): Tensor => {
      if (!turns) return y;
      const { table, dim, interleaved } = turns;
      return rotary(trace, { x: y, positions, table }, { heads: count, headDim, dim, interleaved });
    };
    return attention(trace, { q: turn(q, heads), k: turn(k, kvHeads), v, segments }, attributes);
  };

  const gated = (layer: number, y: Tensor): Tensor => {
    if (spec.modules.includes('gate_up_proj')) {
      return fusedGatedActivation(trace, { gateUp: project(layer, 'gate_up_proj', y) }, { activation });
    }
    if (context.kind === 'cache') {
      const maps = { gate: mapOf(layer, 'gate_proj'), up: mapOf(layer, 'up_proj') };
      return adaptedGate(trace, y, maps, { activation });
    }
    const gate = project(layer, 'gate_proj', y);
    const up = project(layer, 'up_proj', y);
    return gatedActivation(trace, { gate, up }, { activation });
  };

  const block = (layer: number, hidden: Tensor): Tensor => {
    const prefix = `model.layers.${layer}`;
    const x = norm(`${prefix}.input_layernorm`, hidden);
    const attended = project(layer, 'o_proj', attend(layer, x));
    const addNormed = (name: string, delta: Tensor): { y: Tensor; sum: Tensor } =>
      addRmsNorm(trace, { x: hidden, delta, weight: weights.vector(`${prefix}.${name}.weight`) }, { eps });
    if (!spec.outputNorms) {
      const { y, sum } = addNormed('post_attention_layernorm', attended);
      return project(layer, 'down_proj', gated(layer, y), sum);
    }
    const delta = norm(`${prefix}.post_attention_layernorm`, attended);
    const { y, sum } = addNormed('pre_feedforward_layernorm', delta);
    const down = project(layer, 'down_proj', gated(layer, y));
    return add(trace, sum, norm(`${prefix}.post_feedforward_layernorm`, down));
  };

  const table = denseWeight(weights, 'model.embed_tokens.weight');
  let hidden = embedding(trace, { tokens, table }, { scale: spec.embeddingScale });
  for (let layer = 0; layer < spec.layers; layer++) hidden = trace.block(layer, () => block(layer, hidden));
  return norm('model.norm', hidden);
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
