import { describe, expect, it } from 'vitest';
import { interleaved, type Measurement } from '../../../bench/suite/measure';
import { median, spread, summarize } from '../../../bench/suite/statistics';

describe('statistics', () => {
  it('takes the middle sample, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
  });

  it('leaves out samples of a clock that ran backwards', () => {
    expect(summarize([NaN, 2, 4, 3, Infinity])).toEqual({ median: 3, min: 2, max: 4, samples: 3 });
    expect(summarize([NaN]).samples).toBe(0);
  });

  it('tells the spread relative to the median', () => {
    expect(spread(summarize([9, 10, 11]))).toBeCloseTo(0.1);
    expect(spread(summarize([5]))).toBe(0);
  });
});

describe('rounds', () => {
  /** Measurements that write down when they ran, and return how often they did. */
  const noting = (log: string[], name: string, warm = false): Measurement => {
    let runs = 0;
    return { warm, run: () => Promise.resolve((log.push(name), ++runs)) };
  };

  it('go over all measurements in turns', async () => {
    const log: string[] = [];
    const samples = await interleaved([noting(log, 'a', true), noting(log, 'b', true)], {
      rounds: 3,
      seconds: 60,
    });
    expect(log.join('')).toBe('ababab');
    expect(samples).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  it('leave out the first where something is cold', async () => {
    const log: string[] = [];
    const samples = await interleaved([noting(log, 'a', true), noting(log, 'b')], { rounds: 2, seconds: 60 });
    expect(log.join('')).toBe('ababab');
    expect(samples).toEqual([
      [2, 3],
      [2, 3],
    ]);
  });

  it('are one where there is no time for more', async () => {
    const log: string[] = [];
    expect(await interleaved([noting(log, 'a')], { rounds: 5, seconds: 0 })).toEqual([[1]]);
  });
});
