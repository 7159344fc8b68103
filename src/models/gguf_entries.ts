import { f32, text, u32, type GgufEntry } from '../formats/gguf_writer';
import { FAMILIES } from './families';
import { unrunnable, type Family, type GgufAbilities } from './families/family';
import { attentionsOf, type AttentionSettings } from './layers/attention';
import { GatedMlp } from './layers/gated_mlp';
import { llama3Divisors, type RotaryParameters } from './rotary_table';
import { linearMaps, type ModelSpec } from './spec';

/** A model as a GGUF file's header describes it. */
export interface GgufDescription {
  /** `general.architecture` and the entries with its prefix. */
  readonly entries: ReadonlyMap<string, GgufEntry>;
  /** Values of the tensor `rope_freqs.weight`, if the model needs it. */
  readonly ropeFactors?: Float32Array<ArrayBuffer>;
  /** Positions up to which llama.cpp computes as Transformers does, if they are fewer than the model's. */
  readonly window?: number;
}

/**
 * Describes a model for a GGUF file: the inverse of `ggufFolder`.
 *
 * @throws TunesmithError `gguf_unrunnable` naming the field of config.json that llama.cpp does not know for this family
 */
export function ggufEntries(spec: ModelSpec): GgufDescription {
  const family = FAMILIES.find(({ name }) => name === spec.family);
  if (!family?.gguf) throw unrunnable({ label: family?.label ?? spec.family }, 'model_type', spec.family);
  const { architecture, computes = {}, entries: own } = family.gguf;
  checkBiases(spec, family, computes);
  const attentions = attentionsOf(spec.blocks);
  for (const [layer, attention] of attentions.entries()) {
    checkAttention(spec, family, attention, layer, computes);
  }
  const [{ heads, headDim } = { heads: 1, headDim: spec.hiddenSize }] = attentions;
  const [rotary] = spec.rotary;
  if (!rotary) throw unrunnable(family, 'rope_parameters', null);
  checkRotary(rotary, family, headDim, computes);
  // The least window: up to it, every token sees all tokens before it, with or without a window.
  const windows = computes.windows ? [] : attentions.flatMap(({ window }) => window ?? []);
  const context = Math.min(spec.maxPositions, ...windows);
  const entries: Readonly<Record<string, GgufEntry>> = {
    block_count: u32(spec.blocks.length),
    context_length: u32(context),
    embedding_length: u32(spec.hiddenSize),
    feed_forward_length: u32(intermediateSize(spec, family, computes)),
    'attention.head_count': u32(heads),
    'attention.head_count_kv': kvHeads(spec, attentions),
    'attention.key_length': u32(headDim),
    'attention.value_length': u32(headDim),
    'attention.layer_norm_rms_epsilon': f32(spec.rmsNormEps),
    'rope.dimension_count': u32(rotary.dim),
    'rope.freq_base': f32(rotary.theta),
    ...scalingEntries(rotary, family),
    vocab_size: u32(spec.vocabularySize),
    ...own?.(spec),
  };
  const named = Object.entries(entries).map(([key, value]) => [`${architecture}.${key}`, value] as const);
  const { theta, dim, scaling } = rotary;
  return {
    entries: new Map<string, GgufEntry>([['general.architecture', text(architecture)], ...named]),
    ...(scaling?.type === 'llama3' && { ropeFactors: llama3Divisors({ theta, dim, scaling }) }),
    ...(context < spec.maxPositions && { window: context }),
  };
}

function checkBiases(spec: ModelSpec, family: Family, { biases }: GgufAbilities): void {
  if (biases === 'all') return;
  const other = linearMaps(spec).find(({ bias, gguf }) => bias && !/^attn_[qkv]$/.test(gguf ?? ''));
  if (other) throw unrunnable(family, `${other.name}.bias`, true);
}

function checkAttention(
  spec: ModelSpec,
  family: Family,
  { heads, headDim, scale, rotary }: AttentionSettings,
  layer: number,
  { wholeWidth, attentionScale, rotates = () => true }: GgufAbilities,
): void {
  if (wholeWidth && heads * headDim !== spec.hiddenSize) throw unrunnable(family, 'head_dim', headDim);
  if (Math.abs(scale / (attentionScale?.(spec) ?? 1 / Math.sqrt(headDim)) - 1) > ROUNDING) {
    throw unrunnable(family, 'query_pre_attn_scalar', Number((1 / scale ** 2).toPrecision(6)));
  }
  if ((rotary !== undefined) !== rotates(layer)) {
    const layers = attentionsOf(spec.blocks).map((attention) => Number(attention.rotary !== undefined));
    throw unrunnable(family, 'no_rope_layers', layers);
  }
}

/** Numbers that differ less are equal as float32. */
const ROUNDING = 2 ** -24;

function checkRotary(
  { dim, scaling }: RotaryParameters,
  family: Family,
  headDim: number,
  { partialRotary, ropeFactors }: GgufAbilities,
): void {
  if (dim !== headDim && !partialRotary) throw unrunnable(family, 'partial_rotary_factor', dim / headDim);
  if (scaling?.type === 'llama3' && !ropeFactors) throw unrunnable(family, 'rope_type', scaling.type);
}

function intermediateSize(spec: ModelSpec, family: Family, { activation = 'silu' }: GgufAbilities): number {
  const layers = spec.blocks.flatMap((residuals) => residuals.map(({ layer }) => layer));
  const mlp = layers.find((layer) => layer instanceof GatedMlp);
  if (!mlp) throw unrunnable(family, 'intermediate_size', null);
  if (mlp.settings.activation !== activation) throw unrunnable(family, 'hidden_act', mlp.settings.activation);
  return mlp.settings.intermediateSize;
}

/** The number of heads of keys and values; for each layer if some have none. */
function kvHeads({ blocks }: ModelSpec, attentions: readonly AttentionSettings[]): GgufEntry {
  if (attentions.length === blocks.length) return u32(attentions[0]?.kvHeads ?? 0);
  const values = blocks.map((residuals) => attentionsOf([residuals])[0]?.kvHeads ?? 0);
  return { type: 'array', of: 'i32', values };
}

function scalingEntries({ scaling }: RotaryParameters, family: Family): Readonly<Record<string, GgufEntry>> {
  if (!scaling || scaling.type === 'llama3') return {};
  const { type, factor } = scaling;
  const shared = { 'rope.scaling.type': text(type), 'rope.scaling.factor': f32(factor) };
  if (type === 'linear') return shared;
  const { original_max_position_embeddings: original, beta_fast, beta_slow, truncate } = scaling;
  // llama.cpp has these as constants for the supported architectures, and rounds the ramp's ends.
  if (beta_fast !== 32) throw unrunnable(family, 'rope_parameters.beta_fast', beta_fast);
  if (beta_slow !== 1) throw unrunnable(family, 'rope_parameters.beta_slow', beta_slow);
  if (!truncate) throw unrunnable(family, 'rope_parameters.truncate', truncate);
  // llama.cpp multiplies by YaRN's own factor, which it computes.
  const attention = scaling.attention_factor / (1 + 0.1 * Math.log(factor));
  return {
    ...shared,
    'rope.scaling.original_context_length': u32(Math.round(original)),
    ...(Math.abs(attention - 1) > ROUNDING && { 'rope.scaling.attn_factor': f32(attention) }),
  };
}
