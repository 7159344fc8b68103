import type { TrainSettings } from '../core/settings/settings';

export interface Schedule {
  readonly type: TrainSettings['lr_scheduler_type'];
  /** Optimizer steps in which the multiplier rises from 0 to 1. */
  readonly warmupSteps: number;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
}

/** `warmup_steps` where it is above 0, else `warmup_ratio` of the run, rounded up: Transformers' `get_warmup_steps`. */
export function warmupStepsOf(
  settings: Pick<TrainSettings, 'warmup_steps' | 'warmup_ratio'>,
  steps: number,
): number {
  return settings.warmup_steps > 0 ? settings.warmup_steps : Math.ceil(steps * settings.warmup_ratio);
}

export function scheduleOf(settings: TrainSettings, steps: number): Schedule {
  return { type: settings.lr_scheduler_type, warmupSteps: warmupStepsOf(settings, steps), steps };
}

/**
 * What `learning_rate` is multiplied by in the optimizer step after `done` steps, as Transformers' `get_scheduler` has
 * it; the first step of a warm-up so has a rate of 0. One thing differs: `constant` heeds a warm-up that was asked for,
 * which Transformers does under the name `constant_with_warmup` only.
 */
export function learningRateMultiplier({ type, warmupSteps, steps }: Schedule, done: number): number {
  if (done < warmupSteps) return done / warmupSteps;
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
