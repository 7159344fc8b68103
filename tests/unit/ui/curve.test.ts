import { describe, expect, it } from 'vitest';
import type { TrainEvent } from '../../../src/worker/protocol';
import { curveOf, smooth } from '../../../src/ui/train/curve';

function step(number: number, loss: number): TrainEvent {
  return {
    event: 'step',
    step: number,
    steps: 10,
    epoch: 0,
    loss,
    learning_rate: 1,
    grad_norm: 1,
    target_tokens: 1,
    tokens_per_second: 1,
    eta_seconds: 1,
  };
}

describe('smooth', () => {
  it('starts at the first value and weighs the past', () => {
    // By hand, with bias correction: (0.25 * 4 + 0.5 * 2) / 0.75
    expect(smooth([4, 2], 0.5)).toEqual([4, (0.25 * 4 + 0.5 * 2) / 0.75]);
  });

  it('keeps a constant as it is, and passes over gaps and what is not finite', () => {
    expect(smooth([3, null, Number.NaN, 3], 0.9)).toEqual([3, null, null, expect.closeTo(3, 12)]);
  });
});

describe('curveOf', () => {
  it('puts training and evaluation on the same steps', () => {
    const curve = curveOf([
      step(1, 4),
      { event: 'eval', step: 2, eval_loss: 3, perplexity: 20 },
      step(3, 2),
      { event: 'checkpoint', step: 3 },
    ]);
    expect(curve.steps).toEqual([1, 2, 3]);
    expect(curve.train).toEqual([4, null, 2]);
    expect(curve.evaluation).toEqual([null, 3, null]);
  });

  it('uses the last report of a repeated step', () => {
    const curve = curveOf([step(1, 4), step(2, 3), step(2, 2.5)]);
    expect(curve.steps).toEqual([1, 2]);
    expect(curve.train).toEqual([4, 2.5]);
  });

  it('leaves a gap where the loss is not finite', () => {
    expect(curveOf([step(1, Number.NaN)]).train).toEqual([null]);
  });
});
