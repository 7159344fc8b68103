/** Changes of the frequencies theta^(-2i / dim), with the names of `rope_parameters` in config.json. */
export type RotaryScaling = LinearScaling | Llama3Scaling | YarnScaling;

/** Divides all positions by the factor. */
export interface LinearScaling {
  readonly type: 'linear';
  readonly factor: number;
}

/** Llama 3.1's division of the low frequencies. */
export interface Llama3Scaling {
  readonly type: 'llama3';
  readonly factor: number;
  readonly low_freq_factor: number;
  readonly high_freq_factor: number;
  readonly original_max_position_embeddings: number;
}

/** YaRN (Peng et al. 2023): low frequencies divided by the factor, high ones kept, a ramp between them. */
export interface YarnScaling {
  readonly type: 'yarn';
  readonly factor: number;
  readonly original_max_position_embeddings: number;
  /** Factor of all cosines and sines. */
  readonly attention_factor: number;
  readonly beta_fast: number;
  readonly beta_slow: number;
  /** Whether the ramp begins and ends at whole dimensions. */
  readonly truncate: boolean;
}

export interface RotaryParameters {
  readonly theta: number;
  /** Number of elements of a head, from its first on, that are rotated; even. */
  readonly dim: number;
  /** Whether pairs are neighbours 2i, 2i + 1 instead of i, i + dim / 2. */
  readonly interleaved: boolean;
  readonly scaling?: RotaryScaling;
}

/**
 * The table of the rotary op, f32 [maxPositions, dim]: for each position the cosines of its dim / 2 angles, then their
 * sines. Rounds frequencies and angles to f32 at the same steps as Transformers, so that far positions agree too.
 */
export function rotaryTable({
  maxPositions,
  ...parameters
}: RotaryParameters & { readonly maxPositions: number }): Float32Array<ArrayBuffer> {
  const { dim, scaling } = parameters;
  const half = dim / 2;
  const size = scaling?.type === 'yarn' ? scaling.attention_factor : 1;
  const frequencies = inverseFrequencies(parameters);
  const table = new Float32Array(maxPositions * dim);
  for (let position = 0; position < maxPositions; position++) {
    const first = position * dim;
    frequencies.forEach((frequency, i) => {
      const angle = Math.fround(position * frequency);
      table[first + i] = size * Math.cos(angle);
      table[first + half + i] = size * Math.sin(angle);
    });
  }
  return table;
}

/** Radians a position, f32 [dim / 2]: theta^(-2i / dim), with the model's scaling. */
export function inverseFrequencies({
  theta,
  dim,
  scaling,
}: Omit<RotaryParameters, 'interleaved'>): Float32Array<ArrayBuffer> {
  const plain = Float32Array.from({ length: dim / 2 }, (_, i) => {
    const power = Math.fround(theta ** Math.fround((2 * i) / dim));
    return 1 / power;
  });
  switch (scaling?.type) {
    case undefined:
      return plain;
    case 'linear':
      return plain.map((frequency) => frequency / scaling.factor);
    case 'llama3':
      return plain.map((frequency) => llama3Frequency(frequency, scaling));
    case 'yarn': {
      const ramp = yarnRamp(theta, dim, scaling);
      return plain.map((frequency, i) => {
        const stretched = ramp(i);
        return (frequency / scaling.factor) * stretched + frequency * (1 - stretched);
      });
    }
  }
}

/**
 * Llama 3.1's scaling as a divisor of each frequency, f32 [dim / 2]: 1 for the high ones, the factor for the low ones.
 */
export function llama3Divisors({
  theta,
  dim,
  scaling,
}: {
  readonly theta: number;
  readonly dim: number;
  readonly scaling: Llama3Scaling;
}): Float32Array<ArrayBuffer> {
  const divisorOf = (frequency: number): number => frequency / llama3Frequency(frequency, scaling);
  return Float32Array.from(inverseFrequencies({ theta, dim }), divisorOf);
}

/**
 * Multiplies wavelengths longer than the original context by the factor, keeps short ones, and blends those between.
 */
function llama3Frequency(frequency: number, scaling: Llama3Scaling): number {
  const { factor, low_freq_factor, high_freq_factor, original_max_position_embeddings } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength > original_max_position_embeddings / low_freq_factor) return frequency / factor;
  if (wavelength < original_max_position_embeddings / high_freq_factor) return frequency;
  const smooth =
    (original_max_position_embeddings / wavelength - low_freq_factor) / (high_freq_factor - low_freq_factor);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

/** The share of scaling for the i-th frequency: 0 if it turns `beta_fast` times over the original context. */
function yarnRamp(theta: number, dim: number, scaling: YarnScaling): (i: number) => number {
  const { original_max_position_embeddings, beta_fast, beta_slow, truncate } = scaling;
  const dimensionOf = (turns: number): number =>
    (dim * Math.log(original_max_position_embeddings / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const fast = dimensionOf(beta_fast);
  const slow = dimensionOf(beta_slow);
  const low = Math.max(truncate ? Math.floor(fast) : fast, 0);
  const end = Math.min(truncate ? Math.ceil(slow) : slow, dim - 1);
  const high = end === low ? low + 0.001 : end;
  return (i) => Math.min(Math.max((i - low) / (high - low), 0), 1);
}
