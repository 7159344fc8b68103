import type { TrainSettings } from '../core/settings/settings';
import type { ExampleList } from '../data/example_list';
import { judgedLoss, type Objective } from '../models/objectives/objective';
import type { TrainingProgram } from '../models/training_program';
import { yieldToEvents } from './control';
import { planOf } from './plan';

/** A step of a sweep. */
export interface SweptRate {
  readonly rate: number;
  /** The loss of the step's batch before its update: `judgedLoss`. */
  readonly loss: number;
  /** The average of the losses so far, in which recent ones count more. */
  readonly smoothed: number;
}

export interface RateSweep {
  readonly points: readonly SweptRate[];
  /** The rate at which the smoothed loss falls fastest; undefined if there are too few steps to tell. */
  readonly suggestion: number | undefined;
}

export interface SweepOptions {
  /** Holds an adapter of its own: the sweep spoils it. */
  readonly program: Pick<TrainingProgram, 'microBatch' | 'optimizerStep' | 'metrics'>;
  readonly objective: Pick<Objective, 'pack' | 'terms'>;
  readonly examples: ExampleList;
  readonly settings: TrainSettings;
  /** The first rate and the last, and the number of steps from one to the other. */
  readonly from?: number;
  readonly to?: number;
  readonly steps?: number;
  /** Stops the sweep; what is measured by then counts. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (fraction: number) => void;
}

const FROM = 1e-7;
const TO = 1;
const STEPS = 100;
/** Of the average: it covers the last fifty steps or so. */
const SMOOTHING = 0.98;
/** A smoothed loss this many times the lowest one has exploded. */
const EXPLODED = 4;
/** Steps at the beginning in which the average has not settled, and at the end, that are no suggestion. */
const SKIPPED_FIRST = 10;
const SKIPPED_LAST = 1;

/**
 * The learning-rate range test of Smith, "Cyclical Learning Rates for Training Neural Networks" (2017): trains with a
 * rate that grows exponentially, until the loss explodes. The defaults of smoothing, stop and suggestion are those of
 * fast.ai and of Lightning's `lr_find`.
 */
export async function sweepRates({
  program,
  objective,
  examples,
  settings,
  from = FROM,
  to = TO,
  steps = STEPS,
  signal,
  onProgress = () => undefined,
}: SweepOptions): Promise<RateSweep> {
  const plan = planOf({ ...settings, gradient_accumulation_steps: 1, max_steps: steps }, examples);
  const points: SweptRate[] = [];
  let average = 0;
  let lowest = Infinity;
  await program.metrics(); // drops metrics of earlier steps
  for (let step = 0; step < steps; step++) {
    await yieldToEvents();
    if (signal?.aborted) break;
    const [indices = new Uint32Array()] = plan.window(step).microBatches;
    const batch = objective.pack(await Promise.all(Array.from(indices, (index) => examples.at(index))));
    const rate = from * (to / from) ** (step / Math.max(1, steps - 1));
    const windowTerms = Math.max(1, objective.terms(batch));
    await program.microBatch(batch, { accumulate: false, windowTerms, seed: settings.seed, counter: step });
    await program.optimizerStep({ learningRate: rate, step: step + 1 });
    const [measured] = await program.metrics();
    if (!measured?.finite || !Number.isFinite(measured.loss)) break;
    const loss = judgedLoss(measured);
    average = SMOOTHING * average + (1 - SMOOTHING) * loss;
    const smoothed = average / (1 - SMOOTHING ** (step + 1));
    points.push({ rate, loss, smoothed });
    lowest = Math.min(lowest, smoothed);
    if (smoothed > EXPLODED * lowest) break;
    onProgress((step + 1) / steps);
  }
  return { points, suggestion: steepest(points) };
}

/** The rate where the smoothed loss falls fastest from step to step. */
export function steepest(points: readonly SweptRate[]): number | undefined {
  const usable = points.slice(SKIPPED_FIRST, points.length - SKIPPED_LAST);
  if (usable.length < 2) return undefined;
  const slope = (index: number): number => {
    const before = usable[Math.max(0, index - 1)]!.smoothed;
    const after = usable[Math.min(usable.length - 1, index + 1)]!.smoothed;
    // At the ends there is one neighbour, elsewhere two: numpy.gradient.
    return (after - before) / (index === 0 || index === usable.length - 1 ? 1 : 2);
  };
  const slopes = usable.map((_, index) => slope(index));
  const least = Math.min(...slopes);
  return least < 0 ? usable[slopes.indexOf(least)]!.rate : undefined;
}
