import type { ErrorDescription } from '../core/errors';
import type { Message } from '../core/messages/message';
import type { SampleLimits } from './samples';

/** Every `logging_steps` optimizer steps and after the last. */
export interface StepEvent {
  readonly event: 'step';
  /** Optimizer steps done. */
  readonly step: number;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  /** Passes over the examples that are done, a fraction within one. */
  readonly epoch: number;
  /** Mean over the target tokens of the steps since the last event. */
  readonly loss: number;
  /** The rate that the last step used. */
  readonly learning_rate: number;
  /** Norm of the last step's whole gradient, before clipping. */
  readonly grad_norm: number;
  readonly target_tokens: number;
  /** The objective's own measures, as means; absent if it has none. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Token rows (prompts too) trained in a second of training; evaluating, answering and saving don't count. */
  readonly tokens_per_second: number;
  /** Seconds to the end, with the evaluations, answers and checkpoints that are still to come. */
  readonly eta_seconds: number;
  /** Seconds that the run has taken so far, its pauses left out; absent in runs of older versions. */
  readonly elapsed_seconds?: number;
}

export interface EvalEvent {
  readonly event: 'eval';
  readonly step: number;
  /** Mean over all target tokens of the held-out examples. */
  readonly eval_loss: number;
  /** exp of the mean negative log-likelihood, which eval_loss is unless the targets are smoothed. Absent if there is none. */
  readonly perplexity?: number;
  /** Seconds that it took. */
  readonly eval_runtime?: number;
  /** The objective's own measures, as means; absent if it has none. */
  readonly metrics?: Readonly<Record<string, number>>;
}

export interface Answer {
  readonly prompt: string;
  readonly answer: string;
}

/** Answers to the sample prompts, before training and along it. */
export interface SampleEvent {
  readonly event: 'sample';
  readonly step: number;
  readonly answers: readonly Answer[];
  /** Seconds that all of them took. */
  readonly seconds?: number;
  /** The limits of the answers, which the run keeps to its end. */
  readonly limits?: SampleLimits;
}

/** A run's present activity, sent when it changes and at times during long work. Not part of a run's history. */
export interface ActivityEvent {
  readonly event: 'activity';
  readonly activity: 'training' | 'evaluating' | 'answering';
  readonly step: number;
  /** How far it is with that, 0 to 1. */
  readonly fraction?: number;
  /** Seconds to the end of the run; absent if nobody knows yet. */
  readonly eta_seconds?: number;
  /** The answers so far; the last one may not be whole. */
  readonly answers?: readonly Answer[];
}

/** A checkpoint of this step is in storage. */
export interface CheckpointEvent {
  readonly event: 'checkpoint';
  readonly step: number;
}

export interface StateEvent {
  readonly event: 'state';
  readonly state: 'preparing' | 'running' | 'paused' | 'recovering' | 'finished' | 'stopped' | 'failed';
  /** For a person, e.g. why it is recovering. */
  readonly message?: Message;
  /** How far it is with what the message says, 0 to 1. */
  readonly fraction?: number;
  /** Other kernels were chosen than before: what was told of the run's memory may have changed. */
  readonly replanned?: true;
  readonly error?: ErrorDescription;
}

export type TrainEvent = StepEvent | EvalEvent | SampleEvent | ActivityEvent | CheckpointEvent | StateEvent;

/** The events that a chart and a list of answers are made from. */
export type HistoryEvent = StepEvent | EvalEvent | SampleEvent;

/** Whether an event belongs to a run's history. */
export function isHistory(event: TrainEvent): event is HistoryEvent {
  return event.event === 'step' || event.event === 'eval' || event.event === 'sample';
}
