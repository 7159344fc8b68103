import type { TrainEvent } from '../../worker/protocol';

/** Columns for the chart: one row a step that has a training or an evaluation loss; null if it has none. */
export interface CurveData {
  readonly steps: number[];
  readonly train: (number | null)[];
  readonly smoothed: (number | null)[];
  readonly evaluation: (number | null)[];
  /** The evaluation losses of single files, if examples of several are held out. */
  readonly sources: readonly SourceCurve[];
  /** Number of files that are evaluated by themselves beyond those. */
  readonly otherSources: number;
}

export interface SourceCurve {
  /** The file's name. */
  readonly name: string;
  readonly losses: readonly (number | null)[];
}

/** Most files with a curve of their own: more are hard to distinguish. */
const MOST_SOURCES = 5;

/**
 * Exponential moving average with bias correction (as in Adam's moments), so that the first values count fully.
 * `weight` 0 leaves the values unchanged; 0.9 averages about ten of them. Skips gaps and non-finite values.
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  let average = 0;
  let mass = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return null;
    average = weight * average + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return average / mass;
  });
}

/** The losses in a run's events. If a step is reported twice (after a recovery), the last report counts. */
export function curveOf(events: readonly TrainEvent[]): CurveData {
  const train = new Map<number, number>();
  const evaluation = new Map<number, number>();
  const bySource = new Map<string, Map<number, number>>();
  for (const event of events) {
    if (event.event === 'step') train.set(event.step, event.loss);
    if (event.event !== 'eval') continue;
    evaluation.set(event.step, event.eval_loss);
    for (const [name, loss] of Object.entries(event.eval_losses ?? {})) {
      bySource.set(name, (bySource.get(name) ?? new Map<number, number>()).set(event.step, loss));
    }
  }
  const steps = [...new Set([...train.keys(), ...evaluation.keys()])].sort((a, b) => a - b);
  const losses = steps.map((step) => finiteOrNull(train.get(step)));
  return {
    steps,
    train: losses,
    smoothed: smooth(losses, smoothingWeight(losses.length)),
    evaluation: steps.map((step) => finiteOrNull(evaluation.get(step))),
    sources: [...bySource].slice(0, MOST_SOURCES).map(([name, losses]) => ({
      name,
      losses: steps.map((step) => finiteOrNull(losses.get(step))),
    })),
    otherSources: Math.max(0, bySource.size - MOST_SOURCES),
  };
}

/** A short run is averaged over a few steps, a long one over up to fifty: about a fifteenth of what is seen. */
export function smoothingWeight(points: number): number {
  return 1 - 1 / Math.min(50, Math.max(2, points / 15));
}

function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
