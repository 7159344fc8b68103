import type { ErrorDescription } from '../core/errors';
import type { Message } from '../core/messages/message';
import type { SampleLimits } from './samples';

/** Sent every `logging_steps` optimizer steps and after the last. */
export interface StepEvent {
  readonly event: 'step';
  /** Optimizer steps done. */
  readonly step: number;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  /** Passes over the examples so far; a fraction within a pass. */
  readonly epoch: number;
  /** Mean over the target tokens of the steps since the last event. */
  readonly loss: number;
  /** The rate that the last step used. */
  readonly learning_rate: number;
  /** Norm of the last step's whole gradient, before clipping. */
  readonly grad_norm: number;
  readonly target_tokens: number;
  /** Means of the objective's own metrics; absent if it has none. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Token rows (prompts too) trained in a second of training; not counting evaluation, answers and saving. */
  readonly tokens_per_second: number;
  /** Seconds to the end, including the remaining evaluations, answers and checkpoints. */
  readonly eta_seconds: number;
  /** Seconds that the run has taken so far, without its pauses; absent in runs of older versions. */
  readonly elapsed_seconds?: number;
  /** Bytes of the device's buffers; absent in runs of older versions. */
  readonly memory_bytes?: number;
}

export interface EvalEvent {
  readonly event: 'eval';
  readonly step: number;
  /** Mean over all target tokens of the held-out examples. */
  readonly eval_loss: number;
  /**
   * exp of the mean negative log-likelihood, which equals eval_loss unless the targets are smoothed. Absent if the
   * objective has none.
   */
  readonly perplexity?: number;
  /** The loss of each file, if the held-out examples come from several. */
  readonly eval_losses?: Readonly<Record<string, number>>;
  /** Duration in seconds. */
  readonly eval_runtime?: number;
  /** Means of the objective's own metrics; absent if it has none. */
  readonly metrics?: Readonly<Record<string, number>>;
}

export interface Answer {
  readonly prompt: string;
  readonly answer: string;
}

/** Answers to the sample prompts, before and during training. */
export interface SampleEvent {
  readonly event: 'sample';
  readonly step: number;
  readonly answers: readonly Answer[];
  /** Duration of all answers in seconds. */
  readonly seconds?: number;
  /** The limits of the answers; they stay the same to the end of the run. */
  readonly limits?: SampleLimits;
}

/** A run's present activity, sent when it changes and at times during long work. Not part of a run's history. */
export interface ActivityEvent {
  readonly event: 'activity';
  readonly activity: 'training' | 'evaluating' | 'answering';
  readonly step: number;
  /** Progress of the activity, 0 to 1. */
  readonly fraction?: number;
  /** Seconds to the end of the run; absent if unknown. */
  readonly eta_seconds?: number;
  /** The answers so far; the last one may be incomplete. */
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
  /** The id of the run, told once when it is recorded. */
  readonly run?: string;
  /** For the person, for instance why the run is recovering. */
  readonly message?: Message;
  /** Progress of the message's activity, 0 to 1. */
  readonly fraction?: number;
  /** Set if other kernels were chosen than before, so that the run's memory may have changed. */
  readonly replanned?: true;
  readonly error?: ErrorDescription;
}

export type TrainEvent = StepEvent | EvalEvent | SampleEvent | ActivityEvent | CheckpointEvent | StateEvent;

/** The events from which the chart and the list of answers are made. */
export type HistoryEvent = StepEvent | EvalEvent | SampleEvent;

/** Whether an event belongs to a run's history. */
export function isHistory(event: TrainEvent): event is HistoryEvent {
  return event.event === 'step' || event.event === 'eval' || event.event === 'sample';
}

/** Seconds that a run has taken without its pauses, up to its last logged step; undefined if it does not tell. */
export function elapsedIn(history: readonly TrainEvent[]): number | undefined {
  return history.findLast((event) => event.event === 'step')?.elapsed_seconds;
}
