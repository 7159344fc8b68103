import type { TrainEvent } from '../../worker/protocol';

/** The numbers of a run that are drawn, the loss first. */
export const CURVES = ['loss', 'grad_norm', 'learning_rate', 'speed', 'memory'] as const;
export type CurveName = (typeof CURVES)[number];

/** The places from left to right: steps, passes over the examples, or seconds. */
export const AXES = ['step', 'epoch', 'time'] as const;
export type Axis = (typeof AXES)[number];

export interface CurveOptions {
  readonly what: CurveName;
  readonly axis: Axis;
  /** The weight of the past in the smoothed curve; undefined for one that suits the length of the run. */
  readonly weight?: number | undefined;
}

/** Columns for the chart: one row for each place that has a value; null where a column has none. */
export interface CurveData {
  readonly x: number[];
  /** The values of training. */
  readonly train: (number | null)[];
  readonly smoothed: (number | null)[];
  /** The evaluation losses, if losses are drawn. */
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

type StepEvent = Extract<TrainEvent, { event: 'step' }>;

/** Most files with a curve of their own: more are hard to distinguish. */
const MOST_SOURCES = 5;

const VALUES: Readonly<Record<CurveName, (event: StepEvent) => number | undefined>> = {
  loss: ({ loss }) => loss,
  grad_norm: ({ grad_norm }) => grad_norm,
  learning_rate: ({ learning_rate }) => learning_rate,
  speed: ({ tokens_per_second }) => tokens_per_second,
  memory: ({ memory_bytes }) => memory_bytes,
};

/**
 * Exponential moving average with bias correction (as in Adam's moments, and as TensorBoard smooths), so that the first
 * values count fully. `weight` 0 leaves the values unchanged; 0.9 averages about ten of them. Skips gaps and non-finite
 * values.
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

/** One number in a run's events. If a step is reported twice (after a recovery), the last report counts. */
export function curveOf(events: readonly TrainEvent[], { what, axis, weight }: CurveOptions): CurveData {
  const train = new Map<number, number | undefined>();
  const evaluation = new Map<number, number>();
  const bySource = new Map<string, Map<number, number>>();
  for (const event of events) {
    if (event.event === 'step') train.set(event.step, VALUES[what](event));
    if (event.event !== 'eval' || what !== 'loss') continue;
    evaluation.set(event.step, event.eval_loss);
    for (const [name, loss] of Object.entries(event.eval_losses ?? {})) {
      bySource.set(name, (bySource.get(name) ?? new Map<number, number>()).set(event.step, loss));
    }
  }
  const places = placesOf(events, axis, new Set([...train.keys(), ...evaluation.keys()]));
  const column = (values: ReadonlyMap<number, number | undefined>): (number | null)[] =>
    places.map(({ steps }) => finiteOrNull(steps.map((step) => values.get(step)).findLast(isNumber)));
  const values = column(train);
  return {
    x: places.map(({ x }) => x),
    train: values,
    smoothed: smooth(values, weight ?? smoothingWeight(values.length)),
    evaluation: column(evaluation),
    sources: [...bySource].slice(0, MOST_SOURCES).map(([name, losses]) => ({ name, losses: column(losses) })),
    otherSources: Math.max(0, bySource.size - MOST_SOURCES),
  };
}

/** Whether the time of a run's steps is known: runs of older versions lack it. */
export function tellsTime(events: readonly TrainEvent[]): boolean {
  return events.some((event) => event.event === 'step' && event.elapsed_seconds !== undefined);
}

/** Seconds that a run has taken without its pauses, up to its last logged step; undefined if it does not tell. */
export function elapsedIn(events: readonly TrainEvent[]): number | undefined {
  return events.findLast((event) => event.event === 'step')?.elapsed_seconds;
}

/** Whether a run has a value of this number. */
export function hasCurve(events: readonly TrainEvent[], what: CurveName): boolean {
  return events.some((event) => event.event === 'step' && VALUES[what](event) !== undefined);
}

/** A short run is averaged over a few steps, a long one over up to fifty: about a fifteenth of what is seen. */
export function smoothingWeight(points: number): number {
  return 1 - 1 / Math.min(50, Math.max(2, points / 15));
}

/** The steps in their order on the axis; steps at the same place stand together. Leaves out steps without a place. */
function placesOf(
  events: readonly TrainEvent[],
  axis: Axis,
  wanted: ReadonlySet<number>,
): { readonly x: number; readonly steps: number[] }[] {
  const reported = events.filter((event) => event.event === 'step').sort((a, b) => a.step - b.step);
  const places: { x: number; steps: number[] }[] = [];
  let next = 0;
  let last: StepEvent | undefined;
  for (const step of [...wanted].sort((a, b) => a - b)) {
    while (next < reported.length && reported[next]!.step <= step) last = reported[next++];
    const x = placeOf(step, axis, last);
    if (x === undefined) continue;
    const before = places.at(-1);
    if (before?.x === x) before.steps.push(step);
    else places.push({ x, steps: [step] });
  }
  return places;
}

/** A step with only an evaluation has the time of the step before. @param last the last reported step up to it */
function placeOf(step: number, axis: Axis, last: StepEvent | undefined): number | undefined {
  if (axis === 'step') return step;
  if (axis === 'time') return last?.elapsed_seconds;
  return last && last.step > 0 ? (last.epoch * step) / last.step : undefined;
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined;
}

function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
