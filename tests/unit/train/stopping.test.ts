import { describe, expect, it } from 'vitest';
import { DEFAULTS, type TrainSettings } from '../../../src/core/settings/settings';
import { listOf } from '../../../src/data/example_list';
import { sft } from '../../../src/models/objectives/sft';
import type { Means } from '../../../src/models/objectives/objective';
import type { TrainingState } from '../../../src/models/training_program';
import { TrainControl } from '../../../src/train/control';
import type { TrainEvent } from '../../../src/train/events';
import type { TrainOptions } from '../../../src/train/options';
import {
  bestFirst,
  bestOf,
  checkEvaluated,
  evaluationsIn,
  stopsEarly,
  withoutGain,
} from '../../../src/train/stopping';
import { train } from '../../../src/train/trainer';
import { ToyProgram } from './toy_program';

const evaluated = (...losses: readonly number[]) =>
  losses.map((eval_loss, index) => ({ step: 10 * (index + 1), eval_loss }));

describe('evaluations', () => {
  it('gain if they are below the best by more than the threshold, as in EarlyStoppingCallback', () => {
    expect(withoutGain([], 0)).toBe(0);
    expect(withoutGain(evaluated(3), 0.5)).toBe(0);
    expect(withoutGain(evaluated(3, 2, 2, 2.5), 0)).toBe(2);
    expect(withoutGain(evaluated(3, 2, 2.5, 1.9), 0)).toBe(0);
    // Small gains lower the best loss, so they never add up to a large one.
    expect(withoutGain(evaluated(3, 2.75, 2.5, 2.25), 0.25)).toBe(3);
    expect(withoutGain(evaluated(3, 2.5, 2.25), 0.25)).toBe(1);
  });

  it('end a run once as many in a row as its patience gain nothing', () => {
    const patience = (early_stopping_patience: number | null) => ({
      early_stopping_patience,
      early_stopping_threshold: 0,
    });
    expect(stopsEarly(evaluated(3, 2, 4, 4), patience(2))).toBe(true);
    expect(stopsEarly(evaluated(3, 2, 4, 4), patience(3))).toBe(false);
    expect(stopsEarly(evaluated(3, 2, 4, 4, 4), patience(null))).toBe(false);
  });

  it('are ordered by their losses, the first of equal ones first', () => {
    expect(bestFirst(evaluated(2, 1, 3, 1)).map(({ step }) => step)).toEqual([20, 40, 10, 30]);
    expect(bestOf(evaluated(2, 1, 3, 1))).toEqual({ step: 20, eval_loss: 1 });
    expect(bestOf([])).toBeUndefined();
  });

  it('count once if a step is reported again', () => {
    const event = (step: number, eval_loss: number): TrainEvent => ({ event: 'eval', step, eval_loss });
    const history = [event(10, 3), event(20, 2), event(20, 1)];
    expect(evaluationsIn(history)).toEqual([
      { step: 10, eval_loss: 3 },
      { step: 20, eval_loss: 1 },
    ]);
  });

  it('are missed in words if settings need them', () => {
    const settings = { ...DEFAULTS, early_stopping_patience: 2, load_best_model_at_end: true };
    expect(() => checkEvaluated(settings, 0)).toThrow(
      'early_stopping_patience, load_best_model_at_end need the evaluation loss, but no examples are held out.',
    );
    expect(() => checkEvaluated({ ...DEFAULTS, load_best_model_at_end: true, eval_steps: 0 }, 3)).toThrow(
      'load_best_model_at_end needs the evaluation loss, but eval_steps is 0.',
    );
    checkEvaluated(settings, 1);
    checkEvaluated(DEFAULTS, 0);
  });
});

/** Its evaluation losses are drawn: one for each evaluation, of one batch. */
class DrawnLosses extends ToyProgram {
  readonly #losses: number[];

  constructor(losses: readonly number[]) {
    super();
    this.#losses = [...losses];
  }

  override evaluate(): Promise<Means> {
    return Promise.resolve({ loss: this.#losses.shift() ?? NaN, metrics: {} });
  }
}

const example = { ids: Uint32Array.of(1, 2), trained: Uint8Array.of(0, 1) };

function prepare(
  losses: readonly number[],
  changes: Partial<TrainSettings>,
  more: Partial<TrainOptions> = {},
) {
  const events: TrainEvent[] = [];
  const saved = new Map<number, TrainingState>();
  const options: TrainOptions = {
    program: new DrawnLosses(losses),
    objective: sft,
    examples: listOf([example]),
    heldOut: listOf([example]),
    settings: { ...DEFAULTS, max_steps: 12, eval_steps: 2, save_steps: 5, ...changes },
    onEvent: (event) => events.push(event),
    control: new TrainControl(),
    hooks: {
      saveCheckpoint: ({ step }, state) => {
        saved.set(step, state);
        return Promise.resolve();
      },
    },
    ...more,
  };
  return { options, events, saved };
}

describe('a run', () => {
  const losses = [5, 4, 3, 3.5, 3.25, 1];

  it('goes to its end without a patience, whatever its evaluations say', async () => {
    const { options } = prepare(losses, {});
    expect(await train(options)).toEqual({ state: 'finished', step: 12, steps: 12 });
  });

  it('is finished early, and saved where it ends', async () => {
    const { options, events, saved } = prepare(losses, { early_stopping_patience: 2 });
    expect(await train(options)).toEqual({ state: 'finished', step: 10, steps: 12 });
    expect(events.at(-1)).toEqual({ event: 'state', state: 'finished' });
    expect([...saved.keys()]).toEqual([0, 5, 10]);
  });

  it('saves each step that is evaluated better than all before, wherever save_steps lies', async () => {
    const { options, saved } = prepare(losses, { load_best_model_at_end: true, save_steps: 100 });
    await train(options);
    expect([...saved.keys()]).toEqual([0, 2, 4, 6, 12]);
  });

  it('stops at the same step if it is continued from any checkpoint', async () => {
    const settings = { early_stopping_patience: 2, save_steps: 1 };
    const whole = prepare(losses, settings);
    await train(whole.options);
    const evaluations = evaluationsIn(whole.events);
    for (const [step, state] of whole.saved) {
      const before = evaluations.filter((each) => each.step <= step);
      const rest = prepare(losses.slice(before.length), settings, {
        start: { step, state, evaluations: before },
      });
      expect(await train(rest.options)).toEqual({ state: 'finished', step: 10, steps: 12 });
    }
    // A larger patience lets it go on.
    const further = prepare(
      losses.slice(5),
      { early_stopping_patience: 3 },
      {
        start: { step: 10, state: whole.saved.get(10)!, evaluations },
      },
    );
    expect(await train(further.options)).toMatchObject({ step: 12 });
  });
});
