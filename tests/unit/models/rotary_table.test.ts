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

// What transformers 5 computes in f32.
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
];

const EPSILON = 2 ** -23;

describe.each(stored)('rotary table, $name', ({ parameters, frequencies, cosines, sines }) => {
  const half = parameters.dim / 2;

  test('frequencies are those of transformers', () => {
    const ours = inverseFrequencies(parameters);
    expect(ours.length).toBe(frequencies.length);
    frequencies.forEach((frequency, i) => {
      // A blended frequency goes through four roundings there.
      expect(Math.abs(ours[i]! - frequency)).toBeLessThanOrEqual(2 * EPSILON * frequency);
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
    expect([...table]).toEqual([...new Array<number>(half).fill(1), ...new Array<number>(half).fill(0)]);
  });
});
