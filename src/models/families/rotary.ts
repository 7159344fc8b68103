import * as v from 'valibot';
import { inverseFrequencies, type RotaryParameters, type RotaryScaling } from '../rotary_table';
import { positive, size, unsupported } from './fields';

/** A record of `rope_parameters` or `rope_scaling`. */
export const RotaryRecord = v.looseObject({
  rope_type: v.nullish(v.string()),
  type: v.nullish(v.string()),
  rope_theta: v.nullish(positive),
  partial_rotary_factor: v.nullish(positive),
  factor: v.nullish(positive),
  original_max_position_embeddings: v.nullish(size),
  low_freq_factor: v.nullish(positive),
  high_freq_factor: v.nullish(positive),
  attention_factor: v.nullish(positive),
  beta_fast: v.nullish(positive),
  beta_slow: v.nullish(positive),
  mscale: v.nullish(v.number()),
  mscale_all_dim: v.nullish(v.number()),
  truncate: v.nullish(v.boolean()),
});
type RotaryRecord = v.InferOutput<typeof RotaryRecord>;

/** The fields of config.json that describe rotary embeddings. */
export const RotaryConfig = v.looseObject({
  max_position_embeddings: size,
  original_max_position_embeddings: v.nullish(size),
  partial_rotary_factor: v.nullish(positive),
  rope_theta: v.nullish(positive),
  rope_scaling: v.nullish(RotaryRecord),
  rope_parameters: v.nullish(RotaryRecord),
});
type RotaryConfig = v.InferOutput<typeof RotaryConfig>;

interface Choices {
  readonly headDim: number;
  /** Used if config.json has no rope_theta. */
  readonly theta?: number;
  readonly interleaved?: boolean;
  /** Set for a family whose heads are rotated in part; used if config.json does not give the part. */
  readonly partial?: number;
}

/**
 * The one rotary embedding of a model. Newer files keep theta and scaling together in `rope_parameters`, older ones in
 * `rope_theta` and `rope_scaling`, which takes precedence if both exist. Throws `config_unsupported` for an unknown
 * `rope_type`, for one by layer type, and for a `partial_rotary_factor` in a family that rotates whole heads.
 */
export function rotaryOf(config: RotaryConfig, choices: Choices): RotaryParameters {
  const scaling = config.rope_scaling && Object.keys(config.rope_scaling).length > 0;
  const field = scaling ? 'rope_scaling' : 'rope_parameters';
  const given = config[field] ?? {};
  if ('full_attention' in given || 'sliding_attention' in given) throw unsupported(field, given);
  return rotaryParameters(field, given, config, choices);
}

/** Reads a rotary embedding from its own record of parameters. */
export function rotaryParameters(
  field: string,
  given: RotaryRecord,
  config: RotaryConfig,
  { headDim, theta = 10_000, interleaved = false, partial }: Choices,
): RotaryParameters {
  const part = given.partial_rotary_factor ?? config.partial_rotary_factor ?? partial ?? 1;
  const dim = Math.floor(headDim * part);
  if ((partial === undefined && part !== 1) || dim > headDim || dim < 2 || dim % 2 !== 0) {
    throw unsupported('partial_rotary_factor', part);
  }
  const base = { theta: given.rope_theta ?? config.rope_theta ?? theta, dim, interleaved };
  const scaling = scalingOf(field, given, config);
  const parameters = scaling ? { ...base, scaling } : base;
  // Numbers that are valid one by one may still give unusable frequencies together.
  const frequencies = inverseFrequencies(parameters);
  if (!frequencies.every((frequency) => Number.isFinite(frequency) && frequency >= 0)) {
    throw unsupported(field, { ...given, rope_theta: base.theta });
  }
  return parameters;
}

function scalingOf(field: string, given: RotaryRecord, config: RotaryConfig): RotaryScaling | undefined {
  const type = given.rope_type ?? given.type ?? 'default';
  const needed = (name: 'factor' | 'low_freq_factor' | 'high_freq_factor'): number => {
    const value = given[name];
    if (value === undefined || value === null) throw unsupported(`${field}.${name}`, null);
    return value;
  };
  const original_max_position_embeddings =
    config.original_max_position_embeddings ??
    given.original_max_position_embeddings ??
    config.max_position_embeddings;
  switch (type) {
    case 'default':
      return undefined;
    case 'dynamic':
      // Theta grows only with sequences longer than max_position_embeddings, which this program never has.
      return undefined;
    case 'linear':
      return { type, factor: needed('factor') };
    case 'llama3':
      return {
        type,
        factor: needed('factor'),
        low_freq_factor: needed('low_freq_factor'),
        high_freq_factor: needed('high_freq_factor'),
        original_max_position_embeddings,
      };
    case 'yarn': {
      const factor = given.factor ?? config.max_position_embeddings / original_max_position_embeddings;
      return {
        type,
        factor,
        original_max_position_embeddings,
        attention_factor: given.attention_factor ?? yarnAttentionFactor(factor, given),
        beta_fast: given.beta_fast ?? 32,
        beta_slow: given.beta_slow ?? 1,
        truncate: given.truncate ?? true,
      };
    }
    default:
      throw unsupported(`${field}.rope_type`, type);
  }
}

/**
 * The factor for queries and keys by which YaRN sharpens the attention, from its paper; DeepSeek's fields refine it.
 */
function yarnAttentionFactor(factor: number, { mscale, mscale_all_dim }: RotaryRecord): number {
  const growth = (scale: number): number => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);
  return mscale && mscale_all_dim ? growth(mscale) / growth(mscale_all_dim) : growth(1);
}
