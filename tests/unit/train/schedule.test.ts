import { describe, expect, it } from 'vitest';
import { learningRateMultiplier, warmupStepsOf, type Schedule } from '../../../src/train/schedule';

const third = 1 / 3;

// The rates that transformers 5.23 gives for get_scheduler(type, AdamW(lr=1), warm-up, steps), step by step.
const known: [Schedule['type'], number, number, number[]][] = [
  ['linear', 3, 8, [0, third, 2 * third, 1, 0.8, 0.6, 0.4, 0.2]],
  ['linear', 0, 5, [1, 0.8, 0.6, 0.4, 0.2]],
  ['linear', 6, 4, [0, 1 / 6, third, 0.5]],
  [
    'cosine',
    3,
    8,
    [
      0,
      third,
      2 * third,
      1,
      0.9045084971874737,
      0.6545084971874737,
      0.34549150281252633,
      0.09549150281252633,
    ],
  ],
  ['cosine', 0, 5, [1, 0.9045084971874737, 0.6545084971874737, 0.34549150281252633, 0.09549150281252633]],
  ['constant', 0, 4, [1, 1, 1, 1]],
  ['constant_with_warmup', 3, 6, [0, third, 2 * third, 1, 1, 1]],
];

describe('learningRateMultiplier', () => {
  it.each(known)('%s, %i of %i steps warming up', (type, warmupSteps, steps, rates) => {
    for (const [done, rate] of rates.entries()) {
      expect(learningRateMultiplier({ type, warmupSteps, steps }, done)).toBeCloseTo(rate, 15);
    }
  });

  it('warms a constant rate up where that was asked for', () => {
    const rate = (done: number) =>
      learningRateMultiplier({ type: 'constant', warmupSteps: 2, steps: 9 }, done);
    expect([0, 1, 2, 8].map(rate)).toEqual([0, 0.5, 1, 1]);
  });

  it('never falls below zero past the end', () => {
    for (const type of ['linear', 'cosine'] as const) {
      expect(learningRateMultiplier({ type, warmupSteps: 0, steps: 4 }, 5)).toBeGreaterThanOrEqual(0);
      expect(learningRateMultiplier({ type, warmupSteps: 0, steps: 4 }, 4)).toBeCloseTo(0, 15);
    }
  });
});

describe('warmupStepsOf', () => {
  it('takes the steps before the ratio, and rounds the ratio up', () => {
    expect(warmupStepsOf({ warmup_steps: 7, warmup_ratio: 0.5 }, 10)).toBe(7);
    expect(warmupStepsOf({ warmup_steps: 0, warmup_ratio: 0.03 }, 101)).toBe(4);
    expect(warmupStepsOf({ warmup_steps: 0, warmup_ratio: 0.03 }, 100)).toBe(3);
    expect(warmupStepsOf({ warmup_steps: 0, warmup_ratio: 0 }, 100)).toBe(0);
  });
});
