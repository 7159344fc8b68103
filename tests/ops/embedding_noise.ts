import { pcg4d, streamOf } from '../../src/core/random';
import type { RunValues } from '../../src/gpu/run';
import { embeddingNoise } from '../../src/ops/embedding_noise';
import { describe, normal, type OpCase } from './case';

export interface NoiseShape {
  /** Tokens of each packed example. */
  readonly lengths: readonly number[];
  readonly columns: number;
  readonly alpha: number;
}

/** The noise that the op adds to each element, in float64. */
export function noiseOf(
  { lengths, columns, alpha }: NoiseShape,
  { seed, counter }: Pick<RunValues, 'seed' | 'counter'>,
): Float64Array {
  const stream = streamOf('neftune');
  const rows = lengths.flatMap((length) => Array.from({ length }, () => length));
  return Float64Array.from({ length: rows.length * columns }, (_, i) => {
    const draw = pcg4d(i >>> 2, stream, counter, seed)[i & 3]!;
    const most = alpha / Math.sqrt(rows[Math.floor(i / columns)]! * columns);
    return most * ((draw >>> 8) * 2 ** -23 - 1);
  });
}

function noiseCase(shape: NoiseShape, limits?: OpCase['limits']): OpCase {
  const { lengths, columns, alpha } = shape;
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const segments = new Uint32Array(2 * rows);
  let first = 0;
  for (const length of lengths) {
    for (let row = first; row < first + length; row++) segments.set([first, first + length], 2 * row);
    first += length;
  }
  const run = { seed: 4_000_000_007, counter: 12 };
  const noise = noiseOf(shape, run);
  const x = normal('x', rows * columns);
  const bound = Float64Array.from(x, (value, i) => {
    const length = segments[2 * Math.floor(i / columns) + 1]! - segments[2 * Math.floor(i / columns)]!;
    return Math.abs(value) + alpha / Math.sqrt(length * columns);
  });
  return {
    op: 'embedding_noise',
    name: describe({ lengths: lengths.join('+'), columns, alpha, ...limits }),
    rows,
    inputs: {
      x: { type: 'f32', shape: ['rows', columns], data: x, wanted: true },
      segments: { type: 'u32', shape: ['rows', 2], data: segments },
    },
    run,
    limits,
    build: (builder, tensors) => ({
      y: embeddingNoise(builder, { x: tensors['x']!, segments: tensors['segments']! }, { alpha }),
    }),
    reference: {
      forward: ({ x: given }) => ({ y: given!.map((value, i) => value + noise[i]!) }),
      backward: (_, { y }) => ({ x: y! }),
    },
    // The product under the root, the root (of 1 / inverseSqrt: 2 ULP and its reciprocal's 2.5), the quotient's 2.5, the product and
    // the sum: less than 10 roundings of half an ULP each.
    tolerance: { y: { factor: 8, magnitudes: bound }, dx: 0 },
  };
}

export const cases: readonly OpCase[] = [
  noiseCase({ lengths: [1], columns: 4, alpha: 5 }),
  noiseCase({ lengths: [3, 1, 9], columns: 20, alpha: 5 }),
  noiseCase({ lengths: [40, 7], columns: 64, alpha: 15 }),
  noiseCase({ lengths: [2, 2], columns: 300, alpha: 0.5 }),
  noiseCase({ lengths: [30, 50], columns: 64, alpha: 10 }, { maxComputeWorkgroupsPerDimension: 3 }),
];
