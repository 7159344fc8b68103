import type { TrainEvent } from '../../worker/protocol';
import { curveOf, smooth, smoothingWeight } from '../train/curve';
import type { Axis } from './compare.svelte';

/** The losses of a run, by steps or by elapsed seconds. */
export interface ComparedCurve {
  readonly x: readonly number[];
  readonly smoothed: readonly (number | null)[];
  readonly evaluation: readonly (number | null)[];
}

export function comparedCurve(events: readonly TrainEvent[], axis: Axis): ComparedCurve {
  const { steps, train, evaluation } = curveOf(events);
  const xOf = axis === 'step' ? (step: number) => step : timesOf(events);
  const points = new Map<number, { train: number | null; evaluation: number | null }>();
  for (const [i, step] of steps.entries()) {
    const x = xOf(step);
    if (x === undefined) continue;
    const before = points.get(x);
    points.set(x, {
      train: train[i] ?? before?.train ?? null,
      evaluation: evaluation[i] ?? before?.evaluation ?? null,
    });
  }
  const values = [...points.values()];
  return {
    x: [...points.keys()],
    smoothed: smooth(
      values.map((point) => point.train),
      smoothingWeight(values.length),
    ),
    evaluation: values.map((point) => point.evaluation),
  };
}

/** Seconds up to a step. A step with only an evaluation has the time of the step before. */
function timesOf(events: readonly TrainEvent[]): (step: number) => number | undefined {
  const steps = events.filter((event) => event.event === 'step');
  return (step) => steps.findLast((each) => each.step <= step)?.elapsed_seconds;
}
