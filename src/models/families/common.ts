import * as v from 'valibot';
import { TunesmithError } from '../../core/errors';
import { issueReason } from '../../core/issue_reason';
import type { Activation } from '../../ops/gated_activation';
import { Attention, type AttentionSettings } from '../layers/attention';
import { GatedMlp, LLAMA_MLP, type GatedMlpNames } from '../layers/gated_mlp';
import type { RotaryParameters } from '../rotary_table';
import type { ModelSpec } from '../spec';
import { RotaryConfig } from './rotary';
import { layerCount, positive, size, unsupported } from './fields';

/**
 * Fields that all families read in the same way. Fields that Transformers does not read for a family have no effect.
 */
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

/** Transformers' defaults for fields that config.json lacks, if a family's differ from the common ones. */
export type Defaults = Partial<CommonConfig>;

/**
 * Fields by which decoders of these and of other families differ, with the values that do not change the arithmetic.
 * Transformers reads some of them for every family. If it would ignore one, a checkpoint with another value means
 * something else, so this program refuses it.
 */
const NEUTRAL: Readonly<Record<string, readonly unknown[]>> = {
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

/**
 * Throws `config_invalid` naming the first field that is missing or wrong, `config_unsupported` for unsupported
 * arithmetic.
 */
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
    values: { field: v.getDotPath(issue) ?? undefined, reason: issueReason(issue) },
  });
}

/** Throws `config_unsupported` unless the field is absent, null, or has one of the neutral values. */
export function requireNeutral(
  config: Readonly<Record<string, unknown>>,
  field: string,
  ...neutral: readonly unknown[]
): void {
  const value = config[field];
  if (value === undefined || value === null || neutral.includes(value)) return;
  throw unsupported(field, value);
}

/** Throws `config_unsupported` for an unsupported `hidden_act`. */
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

/** The sizes in a plain decoder's config.json. */
export interface Sizes {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly intermediateSize: number;
  readonly rmsNormEps: number;
}

/** Throws `config_unsupported` for heads that the kernels don't support. */
export function sizesOf(config: CommonConfig): Sizes {
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
    rmsNormEps: config.rms_norm_eps,
  };
}

/** The settings of attention that may differ from layer to layer. */
export type LayerAttention = Pick<AttentionSettings, 'window' | 'rotary'>;

/** The properties by which decoders of Llama's kind differ. */
export interface PlainDecoder {
  readonly family: string;
  readonly rotary: readonly RotaryParameters[];
  /** One entry a layer. */
  readonly attention: readonly LayerAttention[];
  readonly qkvBias?: boolean;
  readonly outputBias?: boolean;
  readonly mlpBias?: boolean;
  /** RMS norms of the queries' and keys' heads. */
  readonly headNorms?: boolean;
  /** 1 / √headDim unless given. */
  readonly attentionScale?: number;
  readonly mlpNames?: GatedMlpNames;
  /** RMS norms of the outputs of attention and MLP, before they are added to the residual stream (Gemma). */
  readonly outputNorms?: boolean;
  readonly normOffset?: 0 | 1;
  readonly embeddingScale?: number;
  readonly ggufInterleaved?: true;
}

/** The spec of a decoder whose blocks are attention and a gated MLP with Llama's names. */
export function plainSpec(config: CommonConfig, plain: PlainDecoder): ModelSpec {
  const { hiddenSize, layers, heads, kvHeads, headDim, intermediateSize, rmsNormEps } = sizesOf(config);
  const { outputNorms = false, headNorms = false, ggufInterleaved } = plain;
  const mlp = new GatedMlp({
    hiddenSize,
    intermediateSize,
    activation: activationOf('hidden_act', config.hidden_act),
    bias: plain.mlpBias ?? false,
    names: plain.mlpNames ?? LLAMA_MLP,
  });
  const attentionOf = (layer: number): Attention =>
    new Attention({
      ...{ hiddenSize, heads, kvHeads, headDim, ...plain.attention[layer] },
      scale: plain.attentionScale ?? 1 / Math.sqrt(headDim),
      qkvBias: plain.qkvBias ?? false,
      outputBias: plain.outputBias ?? false,
      ...(headNorms && { headNormEps: rmsNormEps }),
      ...(ggufInterleaved && { ggufInterleaved }),
    });
  const [afterAttention, afterMlp] = [
    { name: 'post_attention_layernorm', gguf: 'post_attention_norm' },
    { name: 'post_feedforward_layernorm', gguf: 'post_ffw_norm' },
  ];
  const beforeMlp = outputNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm';
  return {
    family: plain.family,
    root: 'model',
    hiddenSize,
    vocabularySize: config.vocab_size,
    maxPositions: config.max_position_embeddings,
    rmsNormEps,
    normOffset: plain.normOffset ?? 0,
    embeddingScale: plain.embeddingScale ?? 1,
    rotary: plain.rotary,
    blocks: Array.from({ length: layers }, (_, layer) => [
      {
        norm: { name: 'input_layernorm', gguf: 'attn_norm' },
        layer: attentionOf(layer),
        ...(outputNorms && { outputNorm: afterAttention }),
      },
      {
        norm: { name: beforeMlp, gguf: 'ffn_norm' },
        layer: mlp,
        ...(outputNorms && { outputNorm: afterMlp }),
      },
    ]),
    finalNorm: { name: 'norm', gguf: 'output_norm' },
    tiedHead: config.tie_word_embeddings,
  };
}

/** The same attention for every layer, with the model's only rotary embedding. */
export function turnedAlike({ num_hidden_layers }: CommonConfig): readonly LayerAttention[] {
  return new Array<LayerAttention>(num_hidden_layers).fill({ rotary: 0 });
}
