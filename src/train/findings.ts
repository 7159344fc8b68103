import { message, type Message } from '../core/messages/message';
import type { TrainSettings } from '../core/settings/settings';
import { judgedLoss, NLL } from '../models/objectives/objective';
import type { StepEvent, TrainEvent } from './events';
import { bestOf, evaluationsIn, stopsEarly, withoutGain, type Evaluated } from './stopping';

export interface FindingFacts {
  readonly settings: Pick<
    TrainSettings,
    'learning_rate' | 'load_best_model_at_end' | 'early_stopping_patience' | 'early_stopping_threshold'
  >;
  /** Whether the run has come to its end, so that it can be judged as a whole. */
  readonly ended: boolean;
  /** The step of the ended run's adapter, if it is not the last one. */
  readonly adapterStep?: number | undefined;
}

/** A rise or a fall of a loss that matters, as a share of the loss. */
const MATTERS = 0.05;
/** A change counts only if it is this many times larger than chance makes it. */
const SIGMAS = 5;
/** The training loss below which tutorials say that a model knows its examples by heart. */
const BY_HEART = 0.3;
/** The distance between the two losses from which on the model has learnt examples rather than their task. */
const GAP = 1;
/** An evaluation loss that falls by a smaller share in two evaluations stays where it is. */
const STILL = 0.01;
/** Fewer steps say nothing about a training loss. */
const LEAST_STEPS = 20;

/**
 * The plain facts about a run that its curves show: how it ended, over-fitting, under-fitting. It depends on nothing but
 * the run's record, so it can be told during the run, after it, and of any past run.
 */
export function findingsIn(history: readonly TrainEvent[], facts: FindingFacts): readonly Message[] {
  const ranked = evaluationsIn(history);
  const judged = history.map(judgedEvent);
  const evaluations = evaluationsIn(judged);
  const steps = stepsIn(judged);
  const overFitted = overFitting(evaluations, steps, { ...facts, ranked }) ?? gapOf(evaluations, steps);
  const found = overFitted
    ? [overFitted]
    : (notLearning(steps, facts) ?? stillFalling(evaluations, steps, facts) ?? []);
  const byNll =
    found.length > 0 && history.some((event) => 'metrics' in event && NLL in (event.metrics ?? {}));
  return [...endOf(ranked, steps, facts), ...found, ...(byNll ? [message('judged_by_nll')] : [])];
}

/** The event with the loss by which the run is judged. The adapter and early stopping go by the run's own loss. */
function judgedEvent(event: TrainEvent): TrainEvent {
  if (event.event === 'step') return { ...event, loss: judgedLoss(event) };
  if (event.event !== 'eval') return event;
  const { eval_loss: loss, metrics } = event;
  return { ...event, eval_loss: judgedLoss({ loss, ...(metrics && { metrics }) }) };
}

/** Whether a run ended early, and whose adapter it has. */
function endOf(
  evaluations: readonly Evaluated[],
  steps: readonly StepEvent[],
  { settings, ended, adapterStep }: FindingFacts,
): Message[] {
  const best = bestOf(evaluations);
  const last = steps.at(-1);
  if (!best || !last || !ended) return [];
  const told: Message[] = [];
  if (last.step < last.steps && stopsEarly(evaluations, settings)) {
    const count = withoutGain(evaluations, settings.early_stopping_threshold);
    told.push(message('stopped_early', { step: last.step, steps: last.steps, evaluations: count }));
  }
  // An earlier evaluation may have been better, at a step without a checkpoint.
  const taken = evaluations.find(({ step }) => step === adapterStep);
  if (taken && taken.step < last.step) {
    const { step, eval_loss: loss } = taken;
    told.push(message('best_step_taken', { step, loss, ofAll: step === best.step }));
  }
  return told;
}

/** The evaluation loss has turned and rises, while the training loss goes on falling. */
function overFitting(
  evaluations: readonly Evaluated[],
  steps: readonly StepEvent[],
  { settings, ranked }: FindingFacts & { readonly ranked: readonly Evaluated[] },
): Message | undefined {
  const best = bestOf(evaluations);
  if (!best) return undefined;
  const after = evaluations.filter(({ step }) => step > best.step);
  if (after.length < 2) return undefined;
  const now = mean(after.slice(-2).map(({ eval_loss }) => eval_loss));
  const rise = now - best.eval_loss;
  const noise = noiseOf(evaluations.map(({ eval_loss }) => eval_loss));
  if (rise < MATTERS * best.eval_loss || rise <= SIGMAS * noise) return undefined;
  const later = steps.filter(({ step }) => step > best.step);
  const width = Math.max(1, later.length >> 1);
  const atBest = steps.filter(({ step }) => step <= best.step).slice(-width);
  const last = later.slice(-width);
  if (!fell(lossesOf(atBest), lossesOf(last), 0)) return undefined;
  const epochs = atBest.at(-1)?.epoch ?? 0;
  return message('over_fitting', {
    step: best.step,
    loss: best.eval_loss,
    rise: rise / best.eval_loss,
    epochs: Math.max(1, Math.round(epochs)),
    offered: !settings.load_best_model_at_end && bestOf(ranked)?.step === best.step,
  });
}

/**
 * The training loss is near zero, the evaluation loss is far above it and falls no more: examples are known by heart.
 */
function gapOf(evaluations: readonly Evaluated[], steps: readonly StepEvent[]): Message | undefined {
  const [before, , evaluated] = evaluations.slice(-3);
  const last = steps.at(-1);
  if (!before || !evaluated || !last || last.epoch < 2) return undefined;
  if (evaluated.eval_loss < (1 - STILL) * before.eval_loss) return undefined;
  const trained = mean(lossesOf(steps.slice(-Math.max(1, Math.round(steps.length / last.epoch)))));
  if (trained >= BY_HEART || evaluated.eval_loss - trained < GAP) return undefined;
  return message('learnt_by_heart', { loss: trained, evalLoss: evaluated.eval_loss });
}

/** The training loss has risen, or has not moved at all. */
function notLearning(steps: readonly StepEvent[], { settings, ended }: FindingFacts): Message[] | undefined {
  // The first steps of a warm-up learn nothing.
  const height = Math.max(...steps.map(({ learning_rate }) => learning_rate));
  const learning = steps.slice(steps.findIndex(({ learning_rate }) => learning_rate >= height / 2));
  if (learning.length < LEAST_STEPS) return undefined;
  const quarter = learning.length >> 2;
  const first = lossesOf(learning.slice(0, quarter));
  const last = lossesOf(learning.slice(-quarter));
  const rate = settings.learning_rate;
  if (fell(last, first, MATTERS)) return [message('loss_rises', { rate })];
  const moved = Math.abs(mean(first) - mean(last));
  // A run whose first steps learnt all that there is to learn has moved.
  const began = mean(lossesOf(steps.slice(0, 3))) - mean(last);
  if (!ended || moved > 0.01 * mean(first) || began > MATTERS * mean(first)) return undefined;
  return [message('loss_stays', { rate })];
}

/** The loss was still falling when a run came to its end. */
function stillFalling(
  evaluations: readonly Evaluated[],
  steps: readonly StepEvent[],
  { ended }: FindingFacts,
): Message[] | undefined {
  const last = steps.at(-1);
  if (!ended || !last || last.step < last.steps || steps.length < LEAST_STEPS) return undefined;
  const losses = (some: readonly Evaluated[]): number => mean(some.map(({ eval_loss }) => eval_loss));
  const before = evaluations.filter(({ step }) => step <= 0.75 * last.step).slice(-2);
  if (before.length > 0) {
    const fall = losses(before) - losses(evaluations.slice(-2));
    const noise = noiseOf(evaluations.map(({ eval_loss }) => eval_loss));
    const isBest = bestOf(evaluations)?.step === evaluations.at(-1)?.step;
    const falls = isBest && fall > MATTERS * losses(before) && fall > SIGMAS * noise;
    return falls ? [message('still_falling', { fall: fall / losses(before) })] : undefined;
  }
  // After the first passes, a training loss falls because examples are known, whatever else was learnt.
  if (last.epoch > 2) return undefined;
  const quarter = steps.length >> 2;
  const third = lossesOf(steps.slice(-2 * quarter, -quarter));
  const fourth = lossesOf(steps.slice(-quarter));
  if (!fell(third, fourth, 2 * MATTERS)) return undefined;
  return [message('still_falling', { fall: 1 - mean(fourth) / mean(third) })];
}

/** The step events of a history, in their order. If a step is reported twice, the last report counts. */
function stepsIn(history: readonly TrainEvent[]): readonly StepEvent[] {
  const byStep = new Map<number, StepEvent>();
  for (const event of history) if (event.event === 'step') byStep.set(event.step, event);
  return [...byStep.values()].sort((a, b) => a.step - b.step);
}

function lossesOf(steps: readonly StepEvent[]): readonly number[] {
  return steps.map(({ loss }) => loss);
}

/** Whether the second losses are lower on average than the first, by a share of them, and by more than chance. */
function fell(first: readonly number[], second: readonly number[], share: number): boolean {
  const fall = mean(first) - mean(second);
  const chance = Math.sqrt(variance(first) / first.length + variance(second) / second.length);
  return fall > share * mean(first) && fall > SIGMAS * chance;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The unbiased variance; 0 for one value. */
function variance(values: readonly number[]): number {
  const center = mean(values);
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0) / Math.max(1, values.length - 1);
}

/**
 * The standard deviation of a curve's noise, from its second differences, in which a slope does not count: those of noise
 * σ have a mean square of 6 σ². 0 for fewer than three values.
 */
function noiseOf(values: readonly number[]): number {
  const squares = values
    .slice(2)
    .map((value, index) => (value - 2 * values[index + 1]! + values[index]!) ** 2);
  return squares.length === 0 ? 0 : Math.sqrt(mean(squares) / 6);
}
