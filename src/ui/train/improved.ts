import type { TrainEvent } from '../../worker/protocol';

/** Most steps that are averaged at each end of the curve, because the losses of single steps vary. */
const AT_EACH_END = 5;

/**
 * Whether the loss fell during a run: the evaluation loss if there are two evaluations, else the training loss.
 * Undefined if there are too few events.
 */
export function improved(events: readonly TrainEvent[]): boolean | undefined {
  const evaluated = events.flatMap((event) => (event.event === 'eval' ? event.eval_loss : []));
  if (evaluated.length > 1) return fell(evaluated, 1);
  const trained = events.flatMap((event) => (event.event === 'step' ? event.loss : []));
  if (trained.length < 2) return undefined;
  return fell(trained, Math.min(AT_EACH_END, trained.length >> 1));
}

/** Whether the last losses are lower than the first. NaN counts as a loss that did not fall. */
function fell(losses: readonly number[], count: number): boolean {
  const sum = (some: readonly number[]): number => some.reduce((total, loss) => total + loss, 0);
  return sum(losses.slice(-count)) < sum(losses.slice(0, count));
}
