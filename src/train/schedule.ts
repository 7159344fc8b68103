import type { TrainSettings } from '../core/settings/settings';

export interface Schedule {
  readonly type: TrainSettings['lr_scheduler_type'];
  /** Optimizer steps in which the multiplier rises from 0 to 1. */
  readonly warmupSteps: number;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
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

export function scheduleOf(settings: TrainSettings, steps: number): Schedule {
  return { type: settings.lr_scheduler_type, warmupSteps: warmupStepsOf(settings, steps), steps };
}

/**
 * The factor of `learning_rate` in the optimizer step after `done` steps, as in Transformers' `get_scheduler`: the
 * first step of a warm-up has a rate of 0, and `constant` has no warm-up.
 */
export function learningRateMultiplier({ type, warmupSteps, steps }: Schedule, done: number): number {
  if (type !== 'constant' && done < warmupSteps) return done / warmupSteps;
  const left = Math.max(1, steps - warmupSteps);
  switch (type) {
    case 'linear':
      return Math.max(0, (steps - done) / left);
    case 'cosine':
      return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * ((done - warmupSteps) / left))));
    case 'constant':
    case 'constant_with_warmup':
      return 1;
  }
}
