import * as v from 'valibot';
import type { RotaryParameters } from '../rotary_table';
import type { ModelSpec } from '../spec';
import { activationOf, parseCommon, parseConfig, plainSpec, type CommonConfig } from './common';
import { positive, size } from './fields';
import { layerTypes, windowOf } from './layers';
import { RotaryRecord, rotaryParameters } from './rotary';

const Gemma3 = v.looseObject({
  hidden_activation: v.optional(v.string(), 'gelu_pytorch_tanh'),
  query_pre_attn_scalar: v.optional(positive, 256),
  sliding_window: v.optional(size, 4096),
  sliding_window_pattern: v.optional(size, 6),
  rope_local_base_freq: v.optional(positive, 10_000),
  rope_scaling: v.nullish(RotaryRecord),
  /** By layer type, in newer files. */
  rope_parameters: v.nullish(
    v.strictObject({ full_attention: v.nullish(RotaryRecord), sliding_attention: v.nullish(RotaryRecord) }),
  ),
});
type Gemma3 = v.InferOutput<typeof Gemma3>;

const GLOBAL = 0;
const LOCAL = 1;

/**
 * Gemma 3 without vision (Gemma3ForCausalLM): norms of x ⊙ (1 + w) before and after both halves of a block and on the
 * heads of q and k, embeddings times √hidden_size, and five local layers, with a window and a rotary embedding of their
 * own, to one global layer.
 */
export function gemma3Spec(config: unknown): ModelSpec {
  const own = parseConfig(Gemma3, config);
  const hidden_act = activationOf('hidden_activation', own.hidden_activation);
  const common = parseCommon(
    { ...own, hidden_act },
    { num_key_value_heads: 4, head_dim: 256, tie_word_embeddings: true },
  );
  const spec = plainSpec(common);
  const types = layerTypes(common, (layer) =>
    (layer + 1) % own.sliding_window_pattern === 0 ? 'full_attention' : 'sliding_attention',
  );
  return {
    ...spec,
    family: 'gemma3',
    qkvBias: common.attention_bias ?? false,
    outputBias: common.attention_bias ?? false,
    qkNorm: true,
    outputNorms: true,
    normOffset: 1,
    embeddingScale: Math.sqrt(spec.hiddenSize),
    attentionScale: 1 / Math.sqrt(own.query_pre_attn_scalar),
    rotary: rotaryEmbeddings(own, common, spec.headDim),
    attention: types.map((type) => ({
      ...windowOf(type, own.sliding_window),
      rotary: type === 'full_attention' ? GLOBAL : LOCAL,
    })),
  };
}

/** Of global and of local layers. `rope_scaling` and `rope_theta` speak of the global ones alone. */
function rotaryEmbeddings(own: Gemma3, common: CommonConfig, headDim: number): readonly RotaryParameters[] {
  const { full_attention, sliding_attention } = own.rope_parameters ?? {};
  const local = { ...common, rope_theta: own.rope_local_base_freq };
  return [
    rotaryParameters('rope_parameters', { ...full_attention, ...own.rope_scaling }, common, {
      headDim,
      theta: 1_000_000,
    }),
    rotaryParameters('rope_parameters', { ...sliding_attention }, local, { headDim }),
  ];
}
