import { describe, expect, it } from 'vitest';
import {
  answersAfter,
  areShortened,
  fullLimits,
  limitsFor,
  roundSeconds,
  sampleSteps,
} from '../../../src/train/samples';

describe('sampleSteps', () => {
  it('spreads the rounds over the run and ends with the last step', () => {
    expect([...sampleSteps(60)]).toEqual([12, 24, 36, 48, 60]);
    expect([...sampleSteps(7)]).toEqual([2, 3, 5, 6, 7]);
    expect([...sampleSteps(2)]).toEqual([1, 2]);
    expect([...sampleSteps(60, 2)]).toEqual([30, 60]);
    expect([...sampleSteps(60, 1)]).toEqual([60]);
  });

  it('tells how many rounds are still to come', () => {
    const limits = fullLimits(3);
    expect([-1, 0, 12, 13, 60].map((step) => answersAfter(limits, 60, step))).toEqual([6, 5, 4, 4, 0]);
    expect(answersAfter(fullLimits(0), 60, -1)).toBe(0);
  });
});

describe('limitsFor', () => {
  const steps = 60;
  const fast = { readSeconds: 0.1, tokenSeconds: 0.02 };
  const slow = { readSeconds: 20, tokenSeconds: 5 };

  it('leaves all answers on a fast device, and within a long run', () => {
    expect(limitsFor(3, fast, { steps, trainSeconds: 30 })).toEqual(fullLimits(3));
    expect(limitsFor(3, slow, { steps, trainSeconds: 100_000 })).toEqual(fullLimits(3));
    expect(areShortened(fullLimits(3))).toBe(false);
  });

  it('takes fewer and shorter answers the slower the device is, down to one before and one after', () => {
    const seconds = (tokenSeconds: number) => {
      const speed = { readSeconds: 0, tokenSeconds };
      const limits = limitsFor(4, speed, { steps, trainSeconds: 1000 });
      const spent = answersAfter(limits, steps, -1) * roundSeconds(limits, speed);
      return { limits, spent };
    };
    let before = seconds(0.01);
    for (let tokenSeconds = 0.02; tokenSeconds < 20; tokenSeconds *= 1.5) {
      const now = seconds(tokenSeconds);
      for (const name of ['prompts', 'tokens', 'rounds'] as const)
        expect(now.limits[name]).toBeLessThanOrEqual(before.limits[name]);
      if (now.limits.prompts > 1) expect(now.spent).toBeLessThanOrEqual(250);
      before = now;
    }
    expect(before.limits).toEqual({ of: 4, prompts: 1, tokens: 16, rounds: 1 });
    expect(areShortened(before.limits)).toBe(true);
  });

  it('never asks a prompt that is not there', () => {
    expect(limitsFor(0, slow, { steps, trainSeconds: 1 }).prompts).toBe(0);
    expect(limitsFor(1, slow, { steps, trainSeconds: 1 }).prompts).toBe(1);
  });
});
