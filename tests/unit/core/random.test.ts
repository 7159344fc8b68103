import { describe, expect, it } from 'vitest';
import { kaimingUniform, pcg4d, shuffle, streamOf, uniform } from '../../../src/core/random';

describe('pcg4d', () => {
  it('agrees with the paper, computed with exact integers', () => {
    const word = 1n << 32n;
    const exact = (input: readonly number[]): number[] => {
      let [x, y, z, w] = input.map((v) => (BigInt(v) * 1664525n + 1013904223n) % word) as [
        bigint,
        bigint,
        bigint,
        bigint,
      ];
      const mix = (): void => {
        x = (x + y * w) % word;
        y = (y + z * x) % word;
        z = (z + x * y) % word;
        w = (w + y * z) % word;
      };
      mix();
      [x, y, z, w] = [x ^ (x >> 16n), y ^ (y >> 16n), z ^ (z >> 16n), w ^ (w >> 16n)];
      mix();
      return [x, y, z, w].map(Number);
    };
    const inputs: [number, number, number, number][] = [
      [0, 0, 0, 0],
      [1, 2, 3, 4],
      [0xffffffff, 0x80000000, 0xdeadbeef, 7],
    ];
    for (const input of inputs) expect(pcg4d(...input)).toEqual(exact(input));
  });
});

describe('streamOf', () => {
  it('is FNV-1a', () => {
    expect(streamOf('')).toBe(0x811c9dc5);
    expect(streamOf('a')).toBe(0xe40c292c);
    expect(streamOf('foobar')).toBe(0xbf9cf968);
  });
});

describe('uniform', () => {
  it('is spread evenly over [0, 1), and exact in f32', () => {
    const bins = new Uint32Array(16);
    const stream = streamOf('test');
    const values = Array.from({ length: 65536 }, (_, i) => uniform(1, stream, i));
    expect(Array.from(new Float32Array(values))).toEqual(values);
    for (const value of values) {
      const bin = Math.floor(value * 16);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    // A count of 65536 draws with chance 1/16 has a standard deviation of 62; five of them are allowed.
    for (const count of bins) expect(Math.abs(count - 4096)).toBeLessThan(310);
  });

  it('differs by seed, stream and index', () => {
    const draws = [uniform(1, 2, 3), uniform(2, 2, 3), uniform(1, 3, 3), uniform(1, 2, 4)];
    expect(new Set(draws).size).toBe(4);
  });
});

describe('kaimingUniform', () => {
  it('fills the interval of ±1/√fanIn', () => {
    const values = kaimingUniform(10_000, 64, 1, streamOf('layer'));
    expect(Math.max(...values)).toBeLessThanOrEqual(0.125);
    expect(Math.max(...values)).toBeGreaterThan(0.1249);
    expect(Math.min(...values)).toBeLessThan(-0.1249);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan((5 * 0.125) / Math.sqrt(3 * 10_000));
  });
});

describe('shuffle', () => {
  it('is a permutation that depends on seed and epoch', () => {
    const order = shuffle(1000, 1, 0);
    expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(shuffle(1000, 1, 0)).toEqual(order);
    expect(shuffle(1000, 2, 0)).not.toEqual(order);
    expect(shuffle(1000, 1, 1)).not.toEqual(order);
    expect(shuffle(0, 1, 1)).toEqual(new Uint32Array(0));
  });

  it('gives every order of three equally often', () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 6000; epoch++) {
      const order = shuffle(3, 5, epoch).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    // 6000 draws with chance 1/6: a standard deviation of 29; five of them are allowed.
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(145);
  });
});
