import { memoryKey, type TrainSettings } from '../../core/settings/settings';
import { resized, tokenCount, type ExampleSizes } from '../../data/example_list';
import type { Limits } from '../../ops/op';
import type { ModelLayout } from '../../models/layout';
import { adapterLayout } from '../../models/adapters/layout';
import { parameterCount } from '../../models/spec';
import type { TrainEvent } from '../../train/events';
import { planOf } from '../../train/plan';
import { answersAfter, fullLimits, limitsFor, roundSeconds, type SampleLimits } from '../../train/samples';
import type { ExampleParts } from '../data/dataset';
import { objectiveOf } from '../../models/objectives';
import { longerExamples, type LongerExamples } from './longer_examples';
import { fitOf, needOf, remembered, type Fit, type Need } from './fit';
import { rowsOfExamples, runMemory, type RunRows } from './run_memory';
import type { SizeAdvice } from './size_advice';
import type { SamplePrompt } from '../chat/sample_answers';

/** Memory and time of a run, before anything starts. */
export interface PlanReport extends Fit {
  readonly steps: number;
  readonly trainableParameters: number;
  /** Seconds of the whole run; undefined before the device's speed is known. */
  readonly estimatedSeconds?: number;
  /** Set if the evaluations take a large share of that time. */
  readonly evaluation?: LongEvaluation;
  /** A `max_seq_length` that cuts fewer examples, if some are cut and longer ones fit. */
  readonly longer?: LongerExamples;
  /** Advice from the run's size, the most important first. */
  readonly sizeAdvice: readonly SizeAdvice[];
  /** The limits of the answers to the sample prompts. */
  readonly samples: SampleLimits;
  /** Sample prompts that the model can't answer: too long for it, or refused by its chat template. */
  readonly unanswerable: readonly string[];
}

/** Evaluations that take a large share of a run. */
export interface LongEvaluation {
  readonly seconds: number;
  /** An `eval_steps` with which they take a small share; 0 if not even one evaluation does. */
  readonly evalSteps: number;
}

/** Evaluations that take a larger share of a run are long, unless they take less than a minute. */
const LARGE_SHARE = 1 / 3;
const SHORT_SECONDS = 60;
/** The share of the training's time that evaluations take with the suggested `eval_steps`. */
const SMALL_SHARE = 1 / 10;

/** The speed of this device with a model. */
export interface DeviceSpeed {
  /** Floating-point operations a second that training reaches. */
  readonly rate: number;
  /** Seconds for one token of an answer. */
  readonly tokenSeconds: number;
}

/** @param speed undefined until it was measured */
export function planReport(
  model: ModelLayout,
  dataset: ExampleParts,
  settings: TrainSettings,
  limits: Limits,
  prompts: { readonly read: readonly SamplePrompt[]; readonly unanswerable: readonly string[] },
  speed: DeviceSpeed | undefined,
): Omit<PlanReport, 'sizeAdvice'> {
  const { training, heldOut } = dataset;
  const longestPrompt = prompts.read.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const { cacheRows } = rowsOfExamples(model, settings, dataset, longestPrompt);
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
  // The model is already loaded, so the load settings can't change.
  const changeable = { ...settings, load_in_4bit: true, dtype: 'auto' as const };
  const fit = fitOf(settings, measure, changeable);
  const longer = longerExamples(model.positions, dataset, settings, (lengthened, chosen) => {
    const rows = rowsOfExamples(model, chosen, lengthened, longestPrompt);
    const layout = adapterLayout(model.spec, chosen);
    return needOf(() => runMemory(model, layout, chosen, rows, limits), limits).level;
  });
  const { samples, seconds, evaluation } = estimate(model, dataset, settings, prompts.read, speed);
  return {
    steps: planOf(settings, training).steps,
    trainableParameters: adapterLayout(model.spec, settings).parameters,
    ...fit,
    ...(fit.fits && seconds !== undefined && { estimatedSeconds: seconds }),
    ...(fit.fits && evaluation && { evaluation }),
    ...(longer && { longer }),
    samples,
    unanswerable: prompts.unanswerable,
  };
}

/** An upper bound of the sizes with a smaller `max_seq_length`; exact if an example is one text. */
function cutExamples(
  examples: ExampleSizes,
  now: TrainSettings,
  { max_seq_length: length }: TrainSettings,
): ExampleSizes {
  if (length >= now.max_seq_length) return examples;
  const most = objectiveOf(now).texts * length;
  return resized(examples, (index) => Math.min(examples.tokens(index), most));
}

/** Estimates the time of a whole run, and the limits of its answers to sample prompts. */
function estimate(
  model: ModelLayout,
  dataset: ExampleParts,
  settings: TrainSettings,
  prompts: readonly SamplePrompt[],
  speed: DeviceSpeed | undefined,
): { readonly samples: SampleLimits; readonly seconds?: number; readonly evaluation?: LongEvaluation } {
  if (!speed) return { samples: fullLimits(prompts.length) };
  const { steps } = planOf(settings, dataset.training);
  const forwardSeconds = (2 * parameterCount(model.spec)) / speed.rate;
  const evaluations = settings.eval_steps > 0 ? Math.ceil(steps / settings.eval_steps) : 0;
  const once = tokenCount(dataset.heldOut) * forwardSeconds;
  const evaluated = evaluations * once;
  const trainSeconds = trainingSeconds(model, dataset, settings, speed);
  const promptTokens = prompts.reduce((sum, { ids }) => sum + ids.length, 0) / Math.max(1, prompts.length);
  const answering = { readSeconds: promptTokens * forwardSeconds, tokenSeconds: speed.tokenSeconds };
  const samples = limitsFor(prompts.length, answering, { steps, trainSeconds });
  const answered = answersAfter(samples, steps, -1) * roundSeconds(samples, answering);
  const seconds = trainSeconds + evaluated + answered;
  if (evaluated < SHORT_SECONDS || evaluated < LARGE_SHARE * seconds) return { samples, seconds };
  const affordable = Math.floor((SMALL_SHARE * trainSeconds) / once);
  const evalSteps = affordable > 0 ? Math.ceil(steps / affordable) : 0;
  return { samples, seconds, evaluation: { seconds: evaluated, evalSteps } };
}

/**
 * Seconds of a run's steps: two floating-point operations per parameter and token forward, two backward (frozen weights
 * have no gradient of their own), two more with recomputation.
 */
export function trainingSeconds(
  model: ModelLayout,
  { training }: ExampleParts,
  settings: TrainSettings,
  { rate }: DeviceSpeed,
): number {
  const plan = planOf(settings, training);
  const tokens = (tokenCount(training) * plan.steps) / plan.stepsPerEpoch;
  return (2 * parameterCount(model.spec) * tokens * passesOf(settings)) / rate;
}

/** The cost of a trained token in forward passes. */
function passesOf({ gradient_checkpointing }: TrainSettings): number {
  return gradient_checkpointing ? 3 : 2;
}

/**
 * Operations a second that training reached after the step `from`: the median over its events, whose rates exclude
 * pauses and compilation. Undefined if there are no events.
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
