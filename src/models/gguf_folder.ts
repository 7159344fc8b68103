import { TunesmithError } from '../core/errors';
import type { Message } from '../core/messages/message';
import { missingMetadata as missing, unsupportedMetadata as unsupported } from '../formats/gguf_metadata';
import { ggufTokenizer } from '../formats/gguf_tokenizer';
import { ggufFamily } from './families';
import { llama3Scaling } from './gguf_rope_factors';

type Json = Readonly<Record<string, unknown>>;

/** The parts of a GGUF file's header that `ggufFolder` needs. */
export interface GgufContents {
  readonly metadata: ReadonlyMap<string, unknown>;
  /** By name; shapes with the outermost axis first. */
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>;
  /** Values of the tensor `rope_freqs.weight`, if it exists: the divisor of each rotary frequency. */
  readonly ropeFactors?: ArrayLike<number>;
}

/** A checkpoint's small files, as parsed JSON. */
export interface GgufFolder {
  readonly config: Json;
  readonly tokenizer: Json;
  readonly tokenizerConfig: Json;
  readonly generationConfig: Json;
  /** Notes for the person. */
  readonly notes: readonly Message[];
}

/** The tensor whose values `ggufFolder` takes as `ropeFactors`. */
export const ROPE_FACTORS = 'rope_freqs.weight';

/** Entries without an effect on the arithmetic, or with one that other entries determine. */
const WITHOUT_EFFECT = [
  ...['vocab_size', 'rope.scaling.finetuned', 'tensor_data_layout', 'feature_length'],
  // For layer and group norms, which none of the architectures has.
  ...['attention.layer_norm_epsilon', 'attention.group_norm_epsilon', 'attention.group_norm_groups'],
];

/** Entries that change the arithmetic unless they have one of these values (llama.cpp, `llm_load_hparams`). */
const NEUTRAL: Readonly<Record<string, readonly unknown[]>> = {
  'attention.causal': [true],
  'attention.clamp_kqv': [0],
  'attention.max_alibi_bias': [0],
  'attention.scale': [0],
  attn_logit_softcapping: [0],
  expert_group_count: [0, 1],
  expert_group_used_count: [0, 1],
  expert_shared_count: [0],
  final_logit_softcapping: [0],
  leading_dense_block_count: [0],
  logit_scale: [0, 1],
  nextn_predict_layers: [0],
  pooling_type: [0],
  residual_scale: [0, 1],
  embedding_length_out: [0],
  embedding_scale: [0, 1],
  use_parallel_residual: [false],
};

function isWithoutEffect(
  name: string,
  value: unknown,
  { headDim, hidden }: Readonly<Record<'headDim' | 'hidden', number>>,
): boolean {
  if (WITHOUT_EFFECT.includes(name) || NEUTRAL[name]?.includes(value) === true) return true;
  if (typeof value !== 'number') return false;
  // GGUF files store 32-bit floats, hence the tolerance.
  if (name === 'attention.scale') return Math.abs(value * Math.sqrt(headDim) - 1) < 1e-6;
  return name === 'embedding_length_out' && value === hidden;
}

const OTHER_KINDS = ['adapter', 'mmproj', 'imatrix', 'vocab'] as const;

/** Throws `gguf_not_model` if `general.type` is not a model's. */
function refuseOtherKinds(type: unknown): void {
  const kind = OTHER_KINDS.find((other) => other === type);
  if (kind !== undefined) throw new TunesmithError({ code: 'gguf_not_model', values: { kind } });
}

/**
 * Makes a checkpoint's small files out of a GGUF file's header, so that its model is read like any other.
 *
 * @throws TunesmithError naming the entry that is missing or asks for unsupported arithmetic
 */
export function ggufFolder(contents: GgufContents): GgufFolder {
  const { metadata, tensors } = contents;
  refuseOtherKinds(metadata.get('general.type'));
  const architecture = metadata.get('general.architecture');
  const family = typeof architecture === 'string' ? ggufFamily(architecture) : undefined;
  if (!family?.gguf) throw unsupported('general.architecture', architecture);
  const files = ggufTokenizer(metadata);
  const prefix = `${String(architecture)}.`;
  const read = new Set<string>();
  const get = (key: string): unknown => {
    read.add(key);
    return metadata.get(prefix + key);
  };
  const optional = (key: string): number | undefined => {
    const value = get(key);
    if (value === undefined || typeof value === 'number') return value;
    throw unsupported(prefix + key, value);
  };
  const needed = (key: string): number => {
    const value = optional(key);
    if (value === undefined) throw missing(prefix + key);
    return value;
  };
  const perLayer = (key: string): readonly number[] => {
    const value = get(key);
    if (!Array.isArray(value)) return new Array<number>(layers).fill(needed(key));
    const numbers = value.filter((each) => typeof each === 'number');
    if (numbers.length !== layers || value.length !== layers) throw unsupported(prefix + key, value);
    return numbers;
  };

  const heads = needed('attention.head_count');
  const hidden = needed('embedding_length');
  const layers = needed('block_count');
  const headDim = optional('attention.key_length') ?? hidden / heads;
  same('attention.value_length', headDim);
  const { partialRotary } = family.gguf.computes ?? {};
  const rotated = partialRotary ? (optional('rope.dimension_count') ?? headDim) : headDim;
  same('rope.dimension_count', rotated);
  for (const key of ['expert_count', 'expert_used_count']) same(key, 0);
  const given = optional('attention.sliding_window');
  const window = given !== undefined && given > 0 ? given : undefined;
  const context = needed('context_length');
  const theta = optional('rope.freq_base') ?? 10_000;
  const vocabulary = tensors.get('token_embd.weight')?.shape[0] ?? files.tokens;
  const bias = tensors.has('blk.0.attn_q.bias');
  const scaling = ropeScaling(get, optional, context);
  const factors = contents.ropeFactors && ropeFactorsScaling(contents.ropeFactors, theta, headDim);
  if (tensors.has(ROPE_FACTORS) && !contents.ropeFactors) throw missing(ROPE_FACTORS);
  if (scaling && factors) throw unsupported(`${prefix}rope.scaling.type`, get('rope.scaling.type'));
  const header = { hidden, heads, headDim, layers, window, bias, optional, needed, perLayer };
  const own: Json = family.gguf.fields?.(header) ?? {};

  const config = {
    architectures: [family.architecture],
    model_type: family.gguf.modelType,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: own['num_key_value_heads'] ?? optional('attention.head_count_kv') ?? heads,
    head_dim: headDim,
    intermediate_size: needed('feed_forward_length'),
    vocab_size: vocabulary,
    max_position_embeddings: context,
    rms_norm_eps: needed('attention.layer_norm_rms_epsilon'),
    rope_theta: theta,
    tie_word_embeddings: !tensors.has('output.weight'),
    attention_bias: bias,
    ...(window !== undefined && { sliding_window: window }),
    ...(partialRotary && { partial_rotary_factor: rotated / headDim }),
    ...((scaling ?? factors) && { rope_scaling: scaling ?? factors }),
    ...own,
  };
  for (const [key, value] of metadata) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    if (!read.has(name) && !isWithoutEffect(name, value, { headDim, hidden })) throw unsupported(key, value);
  }
  const { tokenizer, tokenizerConfig, generationConfig, notes } = files;
  return { config, tokenizer, tokenizerConfig, generationConfig, notes };

  function same(key: string, expected: number): void {
    const value = optional(key) ?? expected;
    if (value !== expected) throw unsupported(prefix + key, value);
  }
}

/** Llama 3.1's scaling from its factors; undefined if all are 1. Throws if they do not have its form. */
function ropeFactorsScaling(factors: ArrayLike<number>, theta: number, headDim: number): Json | undefined {
  const given = Array.from(factors);
  if (given.every((value) => value === 1)) return undefined;
  const scaling = given.length === headDim / 2 ? llama3Scaling(given, theta) : undefined;
  if (!scaling) throw unsupported(ROPE_FACTORS, given.slice(0, 4));
  const { type, ...parameters } = scaling;
  return { rope_type: type, ...parameters };
}

/** `rope.scaling.*`, as `rope_scaling` of config.json. */
function ropeScaling(
  get: (key: string) => unknown,
  optional: (key: string) => number | undefined,
  context: number,
): Json | undefined {
  const type = get('rope.scaling.type') ?? 'none';
  const factor = optional('rope.scaling.factor') ?? optional('rope.scale_linear');
  const original = optional('rope.scaling.original_context_length');
  const attention = optional('rope.scaling.attn_factor');
  const betaFast = optional('rope.scaling.yarn_beta_fast');
  const betaSlow = optional('rope.scaling.yarn_beta_slow');
  if (type === 'none' && (factor === undefined || factor === 1 || factor === 0)) return undefined;
  if (factor === undefined) throw missing('rope.scaling.factor');
  if (type === 'linear' || type === 'none') return { rope_type: 'linear', factor };
  if (type !== 'yarn') throw unsupported('rope.scaling.type', type);
  return {
    ...{ rope_type: 'yarn', factor, original_max_position_embeddings: original ?? context / factor },
    // llama.cpp multiplies this by YaRN's own factor, which it computes
    ...(attention !== undefined && { attention_factor: attention * (1 + 0.1 * Math.log(factor)) }),
    ...(betaFast !== undefined && { beta_fast: betaFast }),
    ...(betaSlow !== undefined && { beta_slow: betaSlow }),
  };
}
