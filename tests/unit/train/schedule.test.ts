import { describe, expect, it } from 'vitest';
import { DEFAULTS, parseSettings } from '../../../src/core/settings/settings';
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

  it('leaves a constant rate constant, whatever the warm-up: that is what constant_with_warmup is for', () => {
    const rate = (done: number) =>
      learningRateMultiplier({ type: 'constant', warmupSteps: 2, steps: 9 }, done);
    expect([0, 1, 2, 8].map(rate)).toEqual([1, 1, 1, 1]);
  });

  it('never falls below zero past the end', () => {
    for (const type of ['linear', 'cosine'] as const) {
      expect(learningRateMultiplier({ type, warmupSteps: 0, steps: 4 }, 5)).toBeGreaterThanOrEqual(0);
      expect(learningRateMultiplier({ type, warmupSteps: 0, steps: 4 }, 4)).toBeCloseTo(0, 15);
    }
  });
});

describe('warmupStepsOf', () => {
  it.each([
    // As Transformers 5: steps from 1 on, a share below.
    [7, null, 10, 7],
    [1, null, 10, 1],
    [0.1, null, 95, 10],
    [0.03, null, 100, 3],
    [0, null, 100, 0],
    // As Transformers 4, whose own default of warmup_steps is 0.
    [7, 0.5, 10, 7],
    [0, 0.03, 101, 4],
    [0.05, 0.03, 100, 3],
    [0.05, 0, 100, 0],
  ])('warmup_steps %d, warmup_ratio %d of %i steps: %i', (warmup_steps, warmup_ratio, steps, expected) => {
    expect(warmupStepsOf({ warmup_steps, warmup_ratio }, steps)).toBe(expected);
  });

  it('warms up a twentieth of the run if nothing is said, and not at all if warmup_steps is 0', () => {
    expect(warmupStepsOf(DEFAULTS, 100)).toBe(5);
    expect(warmupStepsOf(parseSettings({ warmup_steps: 0 }), 100)).toBe(0);
    expect(warmupStepsOf(parseSettings({ warmup_ratio: 0.2 }), 100)).toBe(20);
  });
});
