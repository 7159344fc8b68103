import { TunesmithError } from '../core/errors';
import type { TrainSettings } from '../core/settings/settings';

/** The settings that one type of schedule has for itself. */
type ShapeSettings = Pick<
  TrainSettings,
  | 'num_cycles'
  | 'power'
  | 'lr_end'
  | 'timescale'
  | 'min_lr_rate'
  | 'num_decay_steps'
  | 'decay_type'
  | 'min_lr_ratio'
>;

export interface Schedule {
  readonly type: TrainSettings['lr_scheduler_type'];
  /** Optimizer steps in which the multiplier rises from 0 to 1. */
  readonly warmupSteps: number;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  readonly learningRate: number;
  readonly shape: ShapeSettings;
}

/**
 * `warmup_steps` of 1 or more are steps; below 1 it is a share of the run, rounded up: `get_warmup_steps` of
 * Transformers 5. `warmup_ratio`, from Transformers 4, is a share too; as there, `warmup_steps` of 1 or more take
 * precedence.
 */
export function warmupStepsOf(
  { warmup_steps, warmup_ratio }: Pick<TrainSettings, 'warmup_steps' | 'warmup_ratio'>,
  steps: number,
): number {
  return warmup_steps >= 1 ? warmup_steps : Math.ceil(steps * (warmup_ratio ?? warmup_steps));
}

/** As for `warmup_steps`: steps from 1 on, a share of the run below, rounded up. */
export function decayStepsOf(decaySteps: number, steps: number): number {
  return decaySteps >= 1 ? decaySteps : Math.ceil(steps * decaySteps);
}

/** @throws TunesmithError `lr_end_too_high` if a polynomial would rise */
export function scheduleOf(settings: TrainSettings, steps: number): Schedule {
  const { lr_scheduler_type: type, learning_rate: learningRate, lr_end } = settings;
  if (type === 'polynomial' && lr_end >= learningRate) {
    throw new TunesmithError({ code: 'lr_end_too_high', values: { lr_end, learning_rate: learningRate } });
  }
  return { type, warmupSteps: warmupStepsOf(settings, steps), steps, learningRate, shape: settings };
}

/** A half wave from 1 to 0 while `progress` goes from 0 to 1. */
const halfCosine = (progress: number): number => 0.5 * (1 + Math.cos(Math.PI * progress));

/** `factor`, squeezed from 0 … 1 into `floor` … 1. */
const above = (floor: number, factor: number): number => Math.max(0, factor * (1 - floor) + floor);

/** How `warmup_stable_decay` falls from 1 to 0. */
const DECAYS: Readonly<Record<TrainSettings['decay_type'], (progress: number) => number>> = {
  linear: (progress) => 1 - progress,
  cosine: halfCosine,
  '1-sqrt': (progress) => 1 - Math.sqrt(progress),
};

/**
 * The factor of `learning_rate` in the optimizer step after `done` steps, as in Transformers' `get_scheduler`: the
 * first step of a warm-up has a rate of 0, and `constant` has no warm-up.
 */
export function learningRateMultiplier(schedule: Schedule, done: number): number {
  const { type, warmupSteps, steps, learningRate, shape } = schedule;
  if (type !== 'constant' && done < warmupSteps) {
    const risen = done / warmupSteps;
    return type === 'warmup_stable_decay' ? above(shape.min_lr_ratio, risen) : risen;
  }
  const left = Math.max(1, steps - warmupSteps);
  const progress = (done - warmupSteps) / left;
  switch (type) {
    case 'linear':
      return Math.max(0, (steps - done) / left);
    case 'cosine':
      return Math.max(0, halfCosine(progress));
    case 'cosine_with_restarts':
      return progress >= 1 ? 0 : Math.max(0, halfCosine((shape.num_cycles * progress) % 1));
    case 'cosine_with_min_lr':
      return above(shape.min_lr_rate, halfCosine(progress));
    case 'polynomial': {
      const remaining = Math.max(0, 1 - progress) ** shape.power;
      return ((learningRate - shape.lr_end) * remaining + shape.lr_end) / learningRate;
    }
    case 'inverse_sqrt': {
      const timescale = shape.timescale ?? (warmupSteps || DEFAULT_TIMESCALE);
      return 1 / Math.sqrt((done + timescale - warmupSteps) / timescale);
    }
    case 'warmup_stable_decay':
      return stableThenDecay(schedule, done);
    case 'constant':
    case 'constant_with_warmup':
      return 1;
  }
}

/** The timescale of `inverse_sqrt` without a warm-up. */
const DEFAULT_TIMESCALE = 10_000;

function stableThenDecay({ steps, shape }: Schedule, done: number): number {
  const { num_decay_steps, decay_type, min_lr_ratio } = shape;
  const decaySteps = decayStepsOf(num_decay_steps, steps);
  const decayed = done - (steps - decaySteps);
  if (decayed < 0) return 1;
  if (decayed >= decaySteps) return min_lr_ratio;
  return above(min_lr_ratio, DECAYS[decay_type](decayed / Math.max(1, decaySteps)));
}
