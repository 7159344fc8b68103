import { memoryKey, type TrainSettings } from '../core/settings/settings';
import { textsOf } from '../data/batches';
import type { Limits } from '../ops/op';
import type { ModelLayout } from '../models/layout';
import { adapterLayout } from '../models/adapters/layout';
import { parameterCount } from '../models/spec';
import { planOf, sampleSteps } from '../train/plan';
import type { TrainEvent } from '../train/events';
import { tokenCount, type Dataset } from './dataset';
import { fitOf, needOf, remembered, type Fit, type Need } from './fit';
import { rowsOfExamples, runMemory, type RunRows } from './run_memory';

/** Memory and time of a run, before anything starts. */
export interface PlanReport extends Fit {
  readonly steps: number;
  readonly trainableParameters: number;
  /** Of the whole run; undefined before the device's speed is known. */
  readonly estimatedSeconds?: number;
}

/**
 * @param rate floating-point operations a second that training reaches on this device, where known
 */
export function planReport(
  model: ModelLayout,
  dataset: Dataset,
  settings: TrainSettings,
  limits: Limits,
  rate: number | undefined,
): PlanReport {
  const { training, heldOut } = dataset;
  const { cacheRows } = rowsOfExamples(model, settings, dataset);
  const rowsOf = (chosen: TrainSettings): RunRows => {
    const cut = {
      training: cutExamples(training, settings, chosen),
      heldOut: cutExamples(heldOut, settings, chosen),
    };
    return { ...rowsOfExamples(model, chosen, cut), cacheRows };
  };
  const measure = remembered(
    (chosen: TrainSettings): Need =>
      needOf(
        () => runMemory(model, adapterLayout(model.spec, chosen), chosen, rowsOf(chosen), limits),
        limits,
      ),
    (chosen) => `${rowsOf(chosen).capacity} ${memoryKey(chosen)}`,
  );
  // The model is open: how it was loaded stays.
  const changeable = { ...settings, load_in_4bit: true, dtype: 'auto' as const };
  const fit = fitOf(settings, measure, changeable);
  const seconds = rate && runOperations(model, dataset, settings) / rate;
  return {
    steps: planOf(settings, training.length).steps,
    trainableParameters: adapterLayout(model.spec, settings).parameters,
    ...fit,
    ...(fit.fits && seconds !== undefined && { estimatedSeconds: seconds }),
  };
}

/** Examples as long as a smaller `max_seq_length` would leave them. */
function cutExamples(
  examples: Dataset['training'],
  now: TrainSettings,
  { max_seq_length: length }: TrainSettings,
): Dataset['training'] {
  if (length >= now.max_seq_length) return examples;
  return examples.map((example) => {
    const cut = textsOf(example).reduce((sum, [first, end]) => sum + Math.min(end - first, length), 0);
    return cut === example.ids.length ? example : { ...example, ids: example.ids.subarray(0, cut) };
  });
}

/**
 * Floating-point operations of a whole run: two per parameter and token forward, two backward (frozen weights get no
 * gradient of their own), two more with recomputation; evaluations forward only; answers like forward passes.
 */
function runOperations(model: ModelLayout, dataset: Dataset, settings: TrainSettings): number {
  const plan = planOf(settings, dataset.training.length);
  const perToken = 2 * parameterCount(model.spec);
  const trained = (tokenCount(dataset.training) * plan.steps) / plan.stepsPerEpoch;
  const evaluations = settings.eval_steps > 0 ? Math.ceil(plan.steps / settings.eval_steps) : 0;
  const evaluated = evaluations * tokenCount(dataset.heldOut);
  const sampled = (sampleSteps(plan.steps).size + 1) * dataset.samplePrompts.length * 40;
  return perToken * (trained * passesOf(settings) + evaluated + sampled);
}

/** What a trained token costs, in forward passes. */
function passesOf({ gradient_checkpointing }: TrainSettings): number {
  return gradient_checkpointing ? 3 : 2;
}

/**
 * Operations a second that training reached after the step `from`: the median of what its events tell, which know of no
 * pause and no compiling. Undefined where there are none.
 */
export function reachedRate(
  model: ModelLayout,
  settings: TrainSettings,
  history: readonly TrainEvent[],
  from: number,
): number | undefined {
  const speeds = history.flatMap((event) =>
    event.event === 'step' && event.step > from ? event.tokens_per_second : [],
  );
  const median = speeds.sort((a, b) => a - b)[speeds.length >> 1];
  return median ? median * 2 * parameterCount(model.spec) * passesOf(settings) : undefined;
}
