import { describe, expect, it } from 'vitest';
import { noiseOf } from '../../ops/embedding_noise';

const run = { seed: 42, counter: 0 };

describe('the noise on embeddings', () => {
  it.each([
    [1, 64],
    [16, 64],
    [200, 256],
  ])('is uniform in ±alpha / √(length · columns): %i tokens of %i', (length, columns) => {
    const alpha = 5;
    // As many packed examples as make 50,000 draws.
    const examples = Math.ceil(50_000 / (length * columns));
    const noise = noiseOf({ lengths: Array<number>(examples).fill(length), columns, alpha }, run);
    const most = alpha / Math.sqrt(length * columns);
    const count = noise.length;
    const mean = noise.reduce((sum, value) => sum + value, 0) / count;
    const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    expect(Math.max(...noise.map(Math.abs))).toBeLessThanOrEqual(most);
    expect(Math.max(...noise.map(Math.abs))).toBeGreaterThan(0.999 * most);
    // The mean's standard error is most / √(3 n); the variance's, of a uniform's fourth moment, 2 most² / √(45 n).
    expect(Math.abs(mean)).toBeLessThan((5 * most) / Math.sqrt(3 * count));
    expect(Math.abs(variance - most ** 2 / 3)).toBeLessThan((5 * 2 * most ** 2) / Math.sqrt(45 * count));
  });

  it('is weaker for a longer example of the same batch', () => {
    const noise = noiseOf({ lengths: [4, 400], columns: 64, alpha: 5 }, run);
    const largest = (values: Float64Array): number => Math.max(...values.map(Math.abs));
    expect(largest(noise.subarray(4 * 64))).toBeLessThan(5 / Math.sqrt(400 * 64) + 1e-9);
    expect(largest(noise.subarray(0, 4 * 64))).toBeGreaterThan(0.9 * (5 / Math.sqrt(4 * 64)));
  });

  it('differs from micro-batch to micro-batch and from seed to seed, and is the same for both', () => {
    const shape = { lengths: [8], columns: 8, alpha: 1 };
    const first = noiseOf(shape, run);
    expect(noiseOf(shape, run)).toEqual(first);
    expect(noiseOf(shape, { ...run, counter: 1 })).not.toEqual(first);
    expect(noiseOf(shape, { ...run, seed: 43 })).not.toEqual(first);
  });
});
