import * as v from 'valibot';
import { TunesmithError } from '../../core/errors';
import type { RotaryParameters } from '../rotary_table';
import type { ModelSpec } from '../spec';

const size = v.pipe(v.number(), v.integer(), v.minValue(1));
const positive = v.pipe(v.number(), v.gtValue(0));

const Rotary = v.looseObject({
  rope_type: v.optional(v.string()),
  type: v.optional(v.string()),
  rope_theta: v.optional(positive),
  factor: v.optional(positive),
  low_freq_factor: v.optional(positive),
  high_freq_factor: v.optional(positive),
  original_max_position_embeddings: v.optional(size),
  partial_rotary_factor: v.optional(v.number()),
});

/** What the families read in the same way. Fields that Transformers does not read for them change nothing. */
const Common = v.looseObject({
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: v.nullish(size),
  head_dim: v.nullish(size),
  intermediate_size: size,
  vocab_size: size,
  max_position_embeddings: size,
  rms_norm_eps: v.optional(positive, 1e-6),
  hidden_act: v.optional(v.string(), 'silu'),
  tie_word_embeddings: v.optional(v.boolean(), false),
  rope_theta: v.optional(positive),
  rope_scaling: v.nullish(Rotary),
  rope_parameters: v.nullish(Rotary),
  attention_dropout: v.nullish(v.number()),
  quantization_config: v.optional(v.unknown()),
});
export type CommonConfig = v.InferOutput<typeof Common>;

/** Throws `config_invalid` naming the first field that is missing or wrong. */
export function parseCommon(config: unknown): CommonConfig {
  return parseConfig(Common, config);
}

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

/** Throws `config_unsupported` unless the field is absent or has the one value that changes nothing. */
export function requireNeutral(
  config: Readonly<Record<string, unknown>>,
  field: string,
  neutral: unknown,
): void {
  const value = config[field];
  if (value === undefined || value === null || value === neutral) return;
  throw unsupported(field, value);
}

export function unsupported(field: string, value: unknown): TunesmithError {
  return new TunesmithError({
    code: 'config_unsupported',
    message: `config.json has ${field} = ${JSON.stringify(value)}, which changes the arithmetic in a way not built here.`,
    hint: 'Choose another model of the same family.',
  });
}

type Shared = Omit<ModelSpec, 'family' | 'qkvBias' | 'outputBias' | 'mlpBias' | 'qkNorm'>;

/** The part of the spec that the families share, from `parseCommon`'s result. */
export function sharedSpec(config: CommonConfig, defaults: { headDim?: number } = {}): Shared {
  requireNeutral(config, 'attention_dropout', 0);
  requireNeutral(config, 'quantization_config', undefined);
  const heads = config.num_attention_heads;
  const kvHeads = config.num_key_value_heads ?? heads;
  if (heads % kvHeads !== 0) throw unsupported('num_key_value_heads', kvHeads);
  const headDim = config.head_dim ?? defaults.headDim ?? config.hidden_size / heads;
  if (!Number.isInteger(headDim) || headDim % 4 !== 0 || headDim > 256)
    throw unsupported('head_dim', headDim);
  const { hidden_act: activation } = config;
  if (activation !== 'silu' && activation !== 'gelu' && activation !== 'gelu_pytorch_tanh') {
    throw unsupported('hidden_act', activation);
  }
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
    activation,
    rotary: rotaryOf(config, headDim),
    tiedHead: config.tie_word_embeddings,
  };
}

/** Newer files keep theta and scaling together in rope_parameters, older ones in rope_theta and rope_scaling. */
function rotaryOf(config: CommonConfig, headDim: number): RotaryParameters {
  const given = config.rope_parameters ?? config.rope_scaling ?? {};
  const field = config.rope_parameters ? 'rope_parameters' : 'rope_scaling';
  const theta = given.rope_theta ?? config.rope_theta ?? 10_000;
  requireNeutral(config, 'partial_rotary_factor', 1);
  requireNeutral(given, 'partial_rotary_factor', 1);
  const base = { theta, headDim };
  const type = given.rope_type ?? given.type ?? 'default';
  if (type === 'default') return base;
  const { factor, low_freq_factor, high_freq_factor, original_max_position_embeddings } = given;
  const complete = factor && low_freq_factor && high_freq_factor && original_max_position_embeddings;
  if (type !== 'llama3' || !complete) throw unsupported(field, given);
  return {
    ...base,
    scaling: { type: 'llama3', factor, low_freq_factor, high_freq_factor, original_max_position_embeddings },
  };
}
