import { describe, expect, test } from 'vitest';
import { inverseFrequencies, rotaryTable, type RotaryParameters } from '../../../src/models/rotary_table';

interface Stored {
  readonly name: string;
  readonly parameters: RotaryParameters;
  readonly frequencies: readonly number[];
  /** At position 1999. */
  readonly cosines: readonly number[];
  readonly sines: readonly number[];
}

// Values that transformers 5 computes in f32.
const stored: readonly Stored[] = [
  {
    name: 'plain',
    parameters: { theta: 10_000, dim: 16, interleaved: false },
    frequencies: [
      1, 0.316227764, 0.100000001, 0.0316227786, 0.00999999978, 0.00316227786, 0.00100000005, 0.000316227786,
    ],
    cosines: [
      0.58406204, -0.778101325, 0.397577912, 0.927890062, 0.417191178, 0.999270141, -0.415237397, 0.806765258,
    ],
    sines: [
      0.811709046, -0.628138781, -0.917568445, 0.372853875, 0.908818781, 0.0381988883, 0.909713089,
      0.590872049,
    ],
  },
  {
    name: 'a large theta',
    parameters: { theta: 1_000_000, dim: 12, interleaved: false },
    frequencies: [1, 0.099999994, 0.00999999885, 0.00100000005, 9.99999684e-5, 1.00000034e-5],
    cosines: [0.58406204, 0.397563905, 0.417192906, -0.415237397, 0.980086446, 0.999800205],
    sines: [0.811709046, -0.917574465, 0.908817947, 0.909713089, 0.198571265, 0.0199886747],
  },
  {
    name: 'llama3',
    parameters: {
      theta: 500_000,
      dim: 32,
      interleaved: false,
      scaling: {
        type: 'llama3',
        factor: 32,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 8192,
      },
    },
    frequencies: [
      1, 0.440366626, 0.193922758, 0.0853971019, 0.0376060307, 0.0165604409, 0.00729266508, 0.00321144611,
      0.000429556705, 1.94616387e-5, 8.57025589e-6, 3.77405445e-6, 1.66196742e-6, 7.31874934e-7,
      3.22293289e-7, 1.41927202e-7,
    ],
    cosines: [
      0.58406204, 0.797917068, -0.328874856, 0.486429334, 0.975067794, -0.117326804, -0.426726729,
      0.990698993, 0.653434336, 0.999243319, 0.999853253, 0.999971569, 0.999994457, 0.999998927, 0.999999821,
      0.99999994,
    ],
    sines: [
      0.811709046, 0.602767289, -0.944373488, 0.873719931, -0.221907154, 0.993093371, 0.90438062, 0.136071846,
      0.756983161, 0.0388940051, 0.0171311032, 0.00754426327, 0.00332226674, 0.00146301754, 0.000644264219,
      0.000283712492,
    ],
  },
  {
    name: 'linear',
    parameters: { theta: 10_000, dim: 16, interleaved: false, scaling: { type: 'linear', factor: 4 } },
    frequencies: [
      0.25, 0.079056941, 0.0250000004, 0.00790569466, 0.00249999994, 0.000790569466, 0.000250000012,
      7.90569466e-5,
    ],
    cosines: [
      -0.972101152, 0.577455401, 0.958106458, -0.995441377, 0.281263947, -0.00955190044, 0.877702355,
      0.987538457,
    ],
    sines: [
      -0.234562099, 0.816422224, -0.286412299, -0.0953755006, -0.95963043, 0.999954402, 0.479206145,
      0.157377839,
    ],
  },
  {
    name: 'yarn',
    parameters: {
      theta: 1_000_000,
      dim: 32,
      interleaved: false,
      scaling: {
        type: 'yarn',
        factor: 4,
        original_max_position_embeddings: 2048,
        attention_factor: 1.138629436111989,
        beta_fast: 32,
        beta_slow: 1,
        truncate: true,
      },
    },
    frequencies: [
      1, 0.421696514, 0.177827939, 0.063741006, 0.022135945, 0.0073343683, 0.00224936521, 0.000592843455,
      0.000250000012, 0.000105424122, 4.44569851e-5, 1.87473561e-5, 7.90569356e-6, 3.33380353e-6,
      1.40585337e-6, 5.92843435e-7,
    ],
    cosines: [
      0.665030241, 0.591564953, -1.01096201, -0.208071783, 1.0981462, -0.569942713, -0.243933678, 0.428363621,
      0.999377728, 1.11343825, 1.13413608, 1.1378299, 1.13848722, 1.13860416, 1.13862491, 1.1386286,
    ],
    sines: [
      0.924235821, 0.972896636, -0.523863375, 1.11945665, 0.300918549, 0.985719204, -1.11219299, 1.05497944,
      0.545638204, 0.238185734, 0.1010563, 0.0426612496, 0.0179935601, 0.00758808153, 0.003199887,
      0.00134938268,
    ],
  },
  {
    name: 'yarn with a ramp between dimensions',
    parameters: {
      theta: 10_000,
      dim: 24,
      interleaved: true,
      scaling: {
        type: 'yarn',
        factor: 40,
        original_max_position_embeddings: 4096,
        attention_factor: 0.9210423553163399,
        beta_fast: 16,
        beta_slow: 2,
        truncate: false,
      },
    },
    frequencies: [
      1, 0.464158893, 0.215443447, 0.100000001, 0.046415884, 0.0202276874, 0.00579010416, 0.00101713429,
      5.38608547e-5, 2.49999994e-5, 1.16039737e-5, 5.38608538e-6,
    ],
    cosines: [
      0.537945867, -0.431019485, -0.886869669, 0.366186112, 0.099619329, -0.84632957, 0.503862143,
      -0.410920084, 0.915709019, 0.91989249, 0.920794606, 0.920989037,
    ],
    sines: [
      0.747618437, -0.813966393, -0.248558342, -0.845119417, -0.915639162, 0.363380432, -0.771000624,
      0.824295938, 0.0989751667, 0.0460099354, 0.0213628989, 0.00991647411,
    ],
  },
];

const EPSILON = 2 ** -23;

describe.each(stored)('rotary table, $name', ({ parameters, frequencies, cosines, sines }) => {
  const half = parameters.dim / 2;

  test('frequencies are those of transformers', () => {
    const ours = inverseFrequencies(parameters);
    expect(ours.length).toBe(frequencies.length);
    frequencies.forEach((frequency, i) => {
      // A blended frequency goes through four roundings there, and one on YaRN's ramp through more that cancel.
      const roundings = parameters.scaling?.type === 'yarn' ? 4 : 2;
      expect(Math.abs(ours[i]! - frequency)).toBeLessThanOrEqual(roundings * EPSILON * frequency);
    });
  });

  test('cosines come first, then sines, as far as f32 angles tell', () => {
    const position = 1999;
    const table = rotaryTable({ ...parameters, maxPositions: position + 1 });
    expect(table.length).toBe((position + 1) * parameters.dim);
    const row = table.subarray(position * parameters.dim);
    frequencies.forEach((frequency, i) => {
      const allowed = EPSILON * (1 + 2 * position * frequency);
      expect(Math.abs(row[i]! - cosines[i]!)).toBeLessThanOrEqual(allowed);
      expect(Math.abs(row[half + i]! - sines[i]!)).toBeLessThanOrEqual(allowed);
    });
  });

  test('position 0 turns nothing', () => {
    const table = rotaryTable({ ...parameters, maxPositions: 1 });
    const { scaling } = parameters;
    const size = Math.fround(scaling?.type === 'yarn' ? scaling.attention_factor : 1);
    expect([...table]).toEqual([...new Array<number>(half).fill(size), ...new Array<number>(half).fill(0)]);
  });
});
