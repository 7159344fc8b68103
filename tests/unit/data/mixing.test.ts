import { describe, expect, it } from 'vitest';
import { mixed } from '../../../src/data/mixing';

const from = (first: number, count: number): Uint32Array =>
  Uint32Array.from({ length: count }, (_, index) => first + index);
const countsOf = (indices: Iterable<number>): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const index of indices) counts.set(index, (counts.get(index) ?? 0) + 1);
  return counts;
};

describe('concatenated sources', () => {
  it('are as they stand, without options', () => {
    const sources = [{ indices: from(0, 3) }, { indices: from(10, 0) }, { indices: from(20, 2) }];
    expect([...mixed(sources, 'concat', 1)]).toEqual([0, 1, 2, 20, 21]);
    expect(mixed([], 'concat', 1)).toHaveLength(0);
  });

  it('give each example as often as the weight says, and a share of them once more', () => {
    const found = mixed(
      [
        { indices: from(0, 10), weight: 2.3 },
        { indices: from(10, 10), weight: 0.4 },
      ],
      'concat',
      7,
    );
    const counts = countsOf(found);
    const times = (low: number, high: number, count: number) =>
      [...counts].filter(([index, each]) => index >= low && index < high && each === count).length;
    expect([times(0, 10, 2), times(0, 10, 3), times(10, 20, 1)]).toEqual([7, 3, 4]);
    expect(found).toHaveLength(27);
  });

  it('give a random sample of num_samples, the same for the same seed', () => {
    const sources = [{ indices: from(100, 50), num_samples: 5 }];
    const sample = mixed(sources, 'concat', 3);
    expect(new Set(sample).size).toBe(5);
    expect(mixed(sources, 'concat', 3)).toEqual(sample);
    expect(mixed(sources, 'concat', 4)).not.toEqual(sample);
    // As LLaMA-Factory, it repeats examples if there are fewer.
    const more = countsOf(mixed([{ indices: from(0, 4), num_samples: 10 }], 'concat', 3));
    expect([...more.values()].sort()).toEqual([2, 2, 3, 3]);
  });
});

describe('interleaved sources', () => {
  const sources = [
    { indices: from(0, 1000), weight: 3 },
    { indices: from(5000, 1000), weight: 1 },
  ];

  it('end with the first that is used up, each in its own order', () => {
    const found = mixed(sources, 'interleave_under', 1);
    const parts = [found.filter((index) => index < 5000), found.filter((index) => index >= 5000)];
    expect(parts[0]).toEqual(from(0, 1000));
    expect(parts[1]).toEqual(from(5000, parts[1]!.length));
    // A binomial count: a third of 1,000, and five standard deviations around it.
    expect(Math.abs(parts[1]!.length - 1000 / 3)).toBeLessThan(5 * Math.sqrt((1000 / 3) * (4 / 3)));
  });

  it('go on until the last is used up, and begin used up ones again', () => {
    const counts = countsOf(mixed(sources, 'interleave_over', 1));
    expect(counts.size).toBe(2000);
    expect(Math.max(...counts.values())).toBeGreaterThan(1);
    expect([...counts].every(([index, count]) => index < 5000 || count === 1)).toBe(true);
  });

  it('give their examples in turn without weights, as datasets does', () => {
    const alike = [{ indices: from(0, 3) }, { indices: from(3, 4) }, { indices: from(7, 5) }];
    expect([...mixed(alike, 'interleave_under', 2)]).toEqual([0, 3, 7, 1, 4, 8, 2, 5, 9]);
    const over = [0, 3, 7, 1, 4, 8, 2, 5, 9, 0, 6, 10, 1, 3, 11];
    expect([...mixed(alike, 'interleave_over', 2)]).toEqual(over);
    expect(mixed([{ indices: from(3, 2) }], 'interleave_over', 2)).toEqual(from(3, 2));
    expect(mixed([{ indices: from(3, 0) }], 'interleave_under', 2)).toHaveLength(0);
  });

  it('are refused if a pass would have no end in sight', () => {
    for (const [strategy, odd] of [
      ['interleave_over', { weight: 1e-6 }],
      ['concat', { num_samples: 1e9 }],
    ] as const) {
      const huge = [
        { indices: from(0, 3), weight: 1000 },
        { indices: from(3, 3), ...odd },
      ];
      expect(() => mixed(huge, strategy, 1)).toThrow(/over 20 million examples/);
    }
  });
});
