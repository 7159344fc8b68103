import { TunesmithError } from '../core/errors';
import type { TrainSettings } from '../core/settings/settings';
import type { EvalEvent, TrainEvent } from './events';

/** An evaluation of a run: the step after which it was made, and its loss. */
export type Evaluated = Pick<EvalEvent, 'step' | 'eval_loss'>;

type StopSettings = Pick<TrainSettings, 'early_stopping_patience' | 'early_stopping_threshold'>;

/** The evaluations in a history, in their order. If a step is reported twice, the last report counts. */
export function evaluationsIn(history: readonly TrainEvent[]): readonly Evaluated[] {
  const byStep = new Map<number, Evaluated>();
  for (const event of history) {
    if (event.event !== 'eval') continue;
    byStep.set(event.step, { step: event.step, eval_loss: event.eval_loss });
  }
  return [...byStep.values()];
}

/** The evaluation with the lowest loss; of equal ones the first, as in Transformers' Trainer. */
export function bestOf(evaluations: readonly Evaluated[]): Evaluated | undefined {
  return bestFirst(evaluations)[0];
}

/** Evaluations from the lowest loss to the highest. */
export function bestFirst(evaluations: readonly Evaluated[]): readonly Evaluated[] {
  return [...evaluations].sort((a, b) => a.eval_loss - b.eval_loss || a.step - b.step);
}

/**
 * How many evaluations at the end of the list have not lowered the best loss before them by more than the threshold:
 * the counter of Transformers' EarlyStoppingCallback. A gain below the threshold still lowers the best loss.
 */
export function withoutGain(evaluations: readonly Evaluated[], threshold: number): number {
  let best = Infinity;
  let count = 0;
  for (const { eval_loss } of evaluations) {
    const gains = best === Infinity || best - eval_loss > threshold;
    count = gains ? 0 : count + 1;
    best = Math.min(best, eval_loss);
  }
  return count;
}

/** Whether a run ends after these evaluations. Nothing but them decides, so a continued run decides the same. */
export function stopsEarly(
  evaluations: readonly Evaluated[],
  { early_stopping_patience: patience, early_stopping_threshold: threshold }: StopSettings,
): boolean {
  return patience !== null && withoutGain(evaluations, threshold) >= patience;
}

/** Throws `stopping_needs_evaluation` if settings need evaluations and the run makes none. */
export function checkEvaluated(
  settings: Pick<TrainSettings, 'early_stopping_patience' | 'load_best_model_at_end' | 'eval_steps'>,
  heldOut: number,
): void {
  const { early_stopping_patience: patience, load_best_model_at_end: loadsBest, eval_steps } = settings;
  if ((patience === null && !loadsBest) || (heldOut > 0 && eval_steps > 0)) return;
  const names = [
    ...(patience === null ? [] : ['early_stopping_patience']),
    ...(loadsBest ? ['load_best_model_at_end'] : []),
  ];
  throw new TunesmithError({
    code: 'stopping_needs_evaluation',
    values: { settings: names, heldOut: heldOut > 0 },
  });
}
