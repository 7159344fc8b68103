/** Llama 3.1's stretching of the low frequencies, by the names of `rope_scaling` in config.json. */
export interface Llama3Scaling {
  readonly type: 'llama3';
  readonly factor: number;
  readonly low_freq_factor: number;
  readonly high_freq_factor: number;
  readonly original_max_position_embeddings: number;
}

export interface RotaryParameters {
  readonly theta: number;
  readonly headDim: number;
  readonly scaling?: Llama3Scaling;
}

/**
 * The table of the rotary op, f32 [maxPositions, headDim]: for each position the cosines of its headDim / 2 angles, then
 * their sines. Frequencies and angles are rounded to f32 where Transformers rounds them, so that far positions agree too.
 */
export function rotaryTable({
  maxPositions,
  ...parameters
}: RotaryParameters & { readonly maxPositions: number }): Float32Array<ArrayBuffer> {
  const { headDim } = parameters;
  const half = headDim / 2;
  const frequencies = inverseFrequencies(parameters);
  const table = new Float32Array(maxPositions * headDim);
  for (let position = 0; position < maxPositions; position++) {
    const first = position * headDim;
    frequencies.forEach((frequency, i) => {
      const angle = Math.fround(position * frequency);
      table[first + i] = Math.cos(angle);
      table[first + half + i] = Math.sin(angle);
    });
  }
  return table;
}

/** Radians a position, f32 [headDim / 2]: theta^(-2i / headDim), scaled where the model asks for it. */
export function inverseFrequencies({ theta, headDim, scaling }: RotaryParameters): Float32Array<ArrayBuffer> {
  const plain = Float32Array.from({ length: headDim / 2 }, (_, i) => {
    const power = Math.fround(theta ** Math.fround((2 * i) / headDim));
    return 1 / power;
  });
  return scaling ? plain.map((frequency) => scaled(frequency, scaling)) : plain;
}

/** Wavelengths longer than the original context are stretched by the factor, short ones kept, those between blended. */
function scaled(frequency: number, scaling: Llama3Scaling): number {
  const { factor, low_freq_factor, high_freq_factor, original_max_position_embeddings } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength > original_max_position_embeddings / low_freq_factor) return frequency / factor;
  if (wavelength < original_max_position_embeddings / high_freq_factor) return frequency;
  const smooth =
    (original_max_position_embeddings / wavelength - low_freq_factor) / (high_freq_factor - low_freq_factor);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}
