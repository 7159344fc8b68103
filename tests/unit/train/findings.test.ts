import { describe, expect, it } from 'vitest';
import { normal } from '../../../src/core/random';
import { DEFAULTS, type TrainSettings } from '../../../src/core/settings/settings';
import type { TrainEvent } from '../../../src/train/events';
import { findingsIn } from '../../../src/train/findings';

const STEPS = 120;
const EPOCHS = 4;

interface Curves {
  readonly train: (share: number) => number;
  readonly evaluation?: (share: number) => number;
  readonly steps?: number;
  readonly every?: number;
  readonly planned?: number;
  readonly epochs?: number;
}

/** A run's history with drawn curves; `share` is that of the steps done. */
function drawn({ train, evaluation, steps = STEPS, every = 10, planned = steps, epochs = EPOCHS }: Curves) {
  const history: TrainEvent[] = [];
  for (let step = 1; step <= steps; step++) {
    const share = step / planned;
    history.push({
      ...{ event: 'step', step, steps: planned, epoch: epochs * share, loss: train(share) },
      ...{ learning_rate: 1e-4, grad_norm: 1, target_tokens: 100, tokens_per_second: 1, eta_seconds: 0 },
    });
    if (evaluation && step % every === 0) history.push({ event: 'eval', step, eval_loss: evaluation(share) });
  }
  return history;
}

const codes = (curves: Curves, changes: Partial<TrainSettings> = {}, ended = true) =>
  findingsIn(drawn(curves), { settings: { ...DEFAULTS, ...changes }, ended }).map(({ code }) => code);

const falling = (share: number): number => 2 * Math.exp(-3 * share);
/** Lowest at a third of the run. */
const turning = (share: number): number => 1.5 + 2 * (share - 1 / 3) ** 2;
const settled = (share: number): number => 1 + 2 * Math.exp(-12 * share);

describe('the curves of a run', () => {
  it('tell over-fitting, during the run too, with the best step and the rise since', () => {
    const history = drawn({ train: falling, evaluation: turning });
    const found = findingsIn(history, { settings: DEFAULTS, ended: false });
    expect(found).toEqual([
      {
        code: 'over_fitting',
        values: { step: 40, loss: 1.5, rise: expect.closeTo(0.523, 3) as number, epochs: 1, offered: true },
      },
    ]);
    // The curve has only just turned.
    const early = history.filter((event) => 'step' in event && event.step <= 50);
    expect(findingsIn(early, { settings: DEFAULTS, ended: false })).toEqual([]);
  });

  it('tell no over-fitting if both losses rise, or if the rise is small', () => {
    expect(codes({ train: turning, evaluation: turning })).not.toContain('over_fitting');
    expect(codes({ train: falling, evaluation: (share) => 1.5 + 0.05 * share })).not.toContain(
      'over_fitting',
    );
  });

  it('tell examples that are known by heart', () => {
    expect(codes({ train: (share) => 0.1 + Math.exp(-9 * share), evaluation: () => 1.9 })).toEqual([
      'learnt_by_heart',
    ]);
    // As long as the evaluation loss falls, more is learnt than the examples.
    expect(codes({ train: () => 0.1, evaluation: (share) => 3 - share })).not.toContain('learnt_by_heart');
    expect(codes({ train: () => 0.1, evaluation: () => 0.4 })).not.toContain('learnt_by_heart');
  });

  it('tell a loss that was still falling at the end, but not of a run that was stopped', () => {
    expect(codes({ train: falling, evaluation: falling })).toEqual(['still_falling']);
    expect(codes({ train: falling, evaluation: falling }, {}, false)).toEqual([]);
    expect(codes({ train: falling, evaluation: falling, planned: 200 })).toEqual([]);
    expect(codes({ train: falling, epochs: 1 })).toEqual(['still_falling']);
    expect(codes({ train: falling, epochs: 3 })).toEqual([]);
    expect(codes({ train: settled, evaluation: settled })).toEqual([]);
  });

  it('tell a loss that stays or rises', () => {
    expect(codes({ train: () => 2 })).toEqual(['loss_stays']);
    expect(codes({ train: () => 2 }, {}, false)).toEqual([]);
    expect(codes({ train: (share) => 2 + share }, {}, false)).toEqual(['loss_rises']);
    expect(codes({ train: () => 2, steps: 10 })).toEqual([]);
  });

  it('tell how a run ended', () => {
    const settings = { load_best_model_at_end: true, early_stopping_patience: 8 };
    const [early, best, found] = findingsIn(
      drawn({ train: falling, evaluation: turning, planned: 150, steps: 130 }),
      {
        settings: { ...DEFAULTS, ...settings },
        ended: true,
        adapterStep: 50,
      },
    );
    expect(early).toEqual({ code: 'stopped_early', values: { step: 130, steps: 150, evaluations: 8 } });
    expect(best).toMatchObject({ code: 'best_step_taken', values: { step: 50, ofAll: true } });
    expect(found).toMatchObject({ code: 'over_fitting', values: { offered: false } });
  });

  it('tell the step whose adapter the run has, not a better one without a checkpoint', () => {
    const settings = { ...DEFAULTS, load_best_model_at_end: true };
    const history = drawn({ train: falling, evaluation: turning });
    const taken = (adapterStep?: number) =>
      findingsIn(history, { settings, ended: true, adapterStep }).filter(
        ({ code }) => code === 'best_step_taken',
      );
    expect(taken(90)).toMatchObject([{ values: { step: 90, ofAll: false } }]);
    expect(taken(40)).toMatchObject([{ values: { step: 40, ofAll: true } }]);
    expect(taken()).toEqual([]);
  });

  it('go by the negative log-likelihood if the loss is another one', () => {
    const dft = (nll: number): number => nll * Math.exp(-nll);
    const history = drawn({ train: falling, evaluation: turning }).map((event): TrainEvent => {
      if (event.event === 'step')
        return { ...event, loss: dft(event.loss), metrics: { nll_loss: event.loss } };
      if (event.event !== 'eval') return event;
      return { ...event, eval_loss: dft(event.eval_loss), metrics: { nll_loss: event.eval_loss } };
    });
    const found = findingsIn(history, { settings: DEFAULTS, ended: true });
    // Where the negative log-likelihood is lowest, this loss is highest: no setting takes that step.
    expect(found).toMatchObject([
      { code: 'over_fitting', values: { step: 40, loss: 1.5, offered: false } },
      { code: 'judged_by_nll' },
    ]);
  });

  it('say nothing without steps', () => expect(codes({ train: falling, steps: 0 })).toEqual([]));

  it.each([0.02, 0.1, 0.3])('raise no alarm over noise of %f', (noise) => {
    let alarms = 0;
    for (let seed = 0; seed < 100; seed++) {
      let index = 0;
      const next = () => normal(seed, 1, index++);
      // Flat, settled, and with a training loss that still falls beside a flat evaluation loss.
      const curves: Curves[] = [
        { train: () => 2 + noise * next(), evaluation: () => 2 + noise * next() },
        {
          train: (share) => settled(share) + noise * next(),
          evaluation: (share) => settled(share) + noise * next(),
        },
        { train: (share) => 1 + falling(share) + noise * next(), evaluation: () => 2 + noise * next() },
      ];
      for (const each of curves) {
        const found = codes(each).filter((code) => code !== 'loss_stays');
        alarms += found.length;
      }
    }
    expect(alarms).toBeLessThanOrEqual(3);
  });
});
