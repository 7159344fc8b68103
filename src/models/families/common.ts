import * as v from 'valibot';
import { TunesmithError } from '../../core/errors';
import { LINEAR_MODULES } from '../../core/linear_modules';
import type { Activation } from '../../ops/gated_activation';
import type { ModelSpec } from '../spec';
import { RotaryConfig } from './rotary';
import { layerCount, positive, size, unsupported } from './fields';

/** What the families read in the same way. Fields that Transformers does not read for them change nothing. */
const Common = v.looseObject({
  hidden_size: size,
  num_hidden_layers: layerCount,
  num_attention_heads: size,
  num_key_value_heads: v.nullish(size),
  head_dim: v.nullish(size),
  intermediate_size: size,
  vocab_size: size,
  rms_norm_eps: v.optional(positive, 1e-6),
  hidden_act: v.optional(v.string(), 'silu'),
  tie_word_embeddings: v.optional(v.boolean(), false),
  attention_bias: v.nullish(v.boolean()),
  ...RotaryConfig.entries,
});
export type CommonConfig = v.InferOutput<typeof Common>;

/** What Transformers takes for fields that config.json lacks, where a family has its own idea of it. */
export type Defaults = Partial<
  Pick<
    CommonConfig,
    'num_key_value_heads' | 'head_dim' | 'rms_norm_eps' | 'tie_word_embeddings' | 'attention_bias'
  >
>;

/**
 * Fields by which decoders of these and of other families differ, with the values that leave the arithmetic alone.
 * Transformers reads some of them for every family; where it would pass over one, the checkpoint means something else.
 */
const NEUTRAL: Readonly<Record<string, readonly unknown[]>> = {
  attention_dropout: [0],
  is_causal: [true],
  is_decoder: [true, false],
  is_encoder_decoder: [false],
  add_cross_attention: [false],
  use_bidirectional_attention: [false],
  attn_logit_softcapping: [],
  final_logit_softcapping: [],
  clip_qkv: [],
  qk_layernorm: [false],
  use_qk_norm: [false],
  alibi: [false],
  rope_interleaved: [false],
  logit_scale: [1],
  logits_scaling: [1],
  residual_multiplier: [1],
  embedding_multiplier: [1],
  attention_multiplier: [],
  num_experts: [0],
  num_local_experts: [0],
  n_routed_experts: [0],
};

/** Throws `config_invalid` naming the first field that is missing or wrong, `config_unsupported` for strange arithmetic. */
export function parseCommon(config: unknown, defaults: Defaults = {}): CommonConfig {
  const common = parseConfig(
    Common,
    v.is(v.record(v.string(), v.unknown()), config) ? { ...defaults, ...config } : config,
  );
  for (const [field, allowed] of Object.entries(NEUTRAL)) requireNeutral(common, field, ...allowed);
  return common;
}

/** Reads a config.json, or a part of it, by a schema. Throws `config_invalid` naming the first field that is wrong. */
export function parseConfig<S extends v.GenericSchema>(schema: S, config: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, config);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new TunesmithError({
    code: 'config_invalid',
    message: `config.json: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`,
    hint: 'Take the config.json from the folder of a Transformers checkpoint.',
  });
}

/** Throws `config_unsupported` unless the field is absent, null, or has one of the values that change nothing. */
export function requireNeutral(
  config: Readonly<Record<string, unknown>>,
  field: string,
  ...neutral: readonly unknown[]
): void {
  const value = config[field];
  if (value === undefined || value === null || neutral.includes(value)) return;
  throw unsupported(field, value);
}

/** Throws `config_unsupported` for a `hidden_act` that is not built. */
export function activationOf(field: string, name: string): Activation {
  switch (name) {
    case 'silu':
    case 'swish':
      return 'silu';
    case 'gelu':
    case 'gelu_pytorch_tanh':
      return name;
    default:
      throw unsupported(field, name);
  }
}

const MODULES = LINEAR_MODULES.filter((module) => module !== 'gate_up_proj');

/**
 * The spec of a decoder of the plain kind (Llama's) but for its rotary embeddings and what its layers do with them;
 * families say in what they differ.
 */
export function plainSpec(config: CommonConfig): Omit<ModelSpec, 'family' | 'rotary' | 'attention'> {
  const heads = config.num_attention_heads;
  const kvHeads = config.num_key_value_heads ?? heads;
  if (heads % kvHeads !== 0) throw unsupported('num_key_value_heads', kvHeads);
  const headDim = config.head_dim ?? config.hidden_size / heads;
  if (!Number.isInteger(headDim) || headDim % 4 !== 0 || headDim > 256)
    throw unsupported('head_dim', headDim);
  return {
    hiddenSize: config.hidden_size,
    layers: config.num_hidden_layers,
    heads,
    kvHeads,
    headDim,
    intermediateSize: config.intermediate_size,
    vocabularySize: config.vocab_size,
    maxPositions: config.max_position_embeddings,
    rmsNormEps: config.rms_norm_eps,
    activation: activationOf('hidden_act', config.hidden_act),
    modules: MODULES,
    qkvBias: false,
    outputBias: false,
    mlpBias: false,
    qkNorm: false,
    outputNorms: false,
    normOffset: 0,
    embeddingScale: 1,
    attentionScale: 1 / Math.sqrt(headDim),
    tiedHead: config.tie_word_embeddings,
  };
}
