import { describe, expect, it } from 'vitest';
import { DEFAULTS, parseSettings, type TrainSettings } from '../../../src/core/settings/settings';
import {
  learningRateMultiplier,
  scheduleOf,
  warmupStepsOf,
  type Schedule,
} from '../../../src/train/schedule';

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

/** The same with `scheduler_specific_kwargs`, at a learning rate of 0.02. */
const shaped: [Schedule['type'], number, number, Partial<TrainSettings>, number[]][] = [
  [
    'cosine_with_restarts',
    3,
    17,
    { num_cycles: 2 },
    [
      0.0, 0.3333333333333333, 0.6666666666666666, 1.0, 0.9504844339512095, 0.8117449009293668,
      0.6112604669781572, 0.38873953302184283, 0.18825509907063326, 0.04951556604879048, 1.0,
      0.9504844339512096, 0.8117449009293667, 0.6112604669781572, 0.38873953302184283, 0.18825509907063342,
      0.04951556604879048,
    ],
  ],
  [
    'cosine_with_restarts',
    0,
    9,
    { num_cycles: 3 },
    [
      1.0, 0.75, 0.2500000000000001, 1.0, 0.7500000000000002, 0.2499999999999999, 1.0, 0.7499999999999999,
      0.25000000000000033,
    ],
  ],
  [
    'cosine_with_min_lr',
    2,
    9,
    { min_lr_rate: 0.1 },
    [
      0.0, 0.5, 1.0, 0.9554359905560885, 0.8305704108364301, 0.6501344202803414, 0.44986557971965857,
      0.26942958916356996, 0.14456400944391146,
    ],
  ],
  [
    'polynomial',
    2,
    9,
    { power: 2.0, lr_end: 0.001 },
    [
      0.0, 0.5, 1.0, 0.7479591836734695, 0.5346938775510204, 0.360204081632653, 0.22448979591836735,
      0.12755102040816324, 0.06938775510204083,
    ],
  ],
  [
    'polynomial',
    0,
    6,
    { power: 1.0, lr_end: 1e-7 },
    [1.0, 0.8333341666666667, 0.6666683333333334, 0.5000025, 0.3333366666666667, 0.1666708333333333],
  ],
  [
    'inverse_sqrt',
    3,
    9,
    {},
    [
      0.0, 0.3333333333333333, 0.6666666666666666, 1.0, 0.8660254037844387, 0.7745966692414834,
      0.7071067811865475, 0.6546536707079771, 0.6123724356957945,
    ],
  ],
  ['inverse_sqrt', 0, 4, {}, [1.0, 0.9999500037496877, 0.9999000149975006, 0.9998500337415648]],
  [
    'inverse_sqrt',
    2,
    6,
    { timescale: 5 },
    [0.0, 0.5, 1.0, 0.9128709291752769, 0.8451542547285166, 0.7905694150420948],
  ],
  [
    'warmup_stable_decay',
    2,
    12,
    { num_decay_steps: 4, decay_type: 'cosine', min_lr_ratio: 0.0 },
    [0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.8535533905932737, 0.5, 0.14644660940672627],
  ],
  [
    'warmup_stable_decay',
    3,
    12,
    { num_decay_steps: 5, decay_type: 'linear', min_lr_ratio: 0.2 },
    [
      0.2, 0.4666666666666667, 0.7333333333333334, 1.0, 1.0, 1.0, 1.0, 1.0, 0.8400000000000001,
      0.6799999999999999, 0.52, 0.36,
    ],
  ],
  [
    'warmup_stable_decay',
    0,
    8,
    { num_decay_steps: 5, decay_type: '1-sqrt', min_lr_ratio: 0.1 },
    [1.0, 1.0, 1.0, 1.0, 0.5975077640500379, 0.4307900211696917, 0.30286299768266495, 0.19501552810007572],
  ],
];

const plain = { learningRate: 1, shape: DEFAULTS };

describe('learningRateMultiplier', () => {
  it.each(known)('%s, %i of %i steps warming up', (type, warmupSteps, steps, rates) => {
    for (const [done, rate] of rates.entries()) {
      expect(learningRateMultiplier({ type, warmupSteps, steps, ...plain }, done)).toBeCloseTo(rate, 15);
    }
  });

  it.each(shaped)('%s, %i of %i steps warming up, %o', (type, warmup_steps, steps, given, rates) => {
    const settings = { ...DEFAULTS, ...given, lr_scheduler_type: type, learning_rate: 0.02, warmup_steps };
    const schedule = scheduleOf(settings, steps);
    for (const [done, rate] of rates.entries()) {
      expect(learningRateMultiplier(schedule, done)).toBeCloseTo(rate, 14);
    }
  });

  it('refuses a polynomial that would rise', () => {
    const settings = {
      ...DEFAULTS,
      lr_scheduler_type: 'polynomial',
      lr_end: 2e-4,
      learning_rate: 2e-4,
    } as const;
    expect(() => scheduleOf(settings, 10)).toThrow(/lr_end is 0.0002/);
  });

  it('takes a share of the run for num_decay_steps', () => {
    const settings = {
      ...DEFAULTS,
      lr_scheduler_type: 'warmup_stable_decay',
      num_decay_steps: 0.25,
    } as const;
    const schedule = scheduleOf(settings, 40);
    expect(learningRateMultiplier(schedule, 30)).toBe(1);
    expect(learningRateMultiplier(schedule, 31)).toBeLessThan(1);
  });

  it('leaves a constant rate constant, whatever the warm-up: that is what constant_with_warmup is for', () => {
    const rate = (done: number) =>
      learningRateMultiplier({ type: 'constant', warmupSteps: 2, steps: 9, ...plain }, done);
    expect([0, 1, 2, 8].map(rate)).toEqual([1, 1, 1, 1]);
  });

  it('never falls below zero past the end', () => {
    for (const type of ['linear', 'cosine'] as const) {
      expect(learningRateMultiplier({ type, warmupSteps: 0, steps: 4, ...plain }, 5)).toBeGreaterThanOrEqual(
        0,
      );
      expect(learningRateMultiplier({ type, warmupSteps: 0, steps: 4, ...plain }, 4)).toBeCloseTo(0, 15);
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
