import type { TrainSettings } from '../core/settings/settings';
import type { TokenizedExample } from '../data/batches';
import type { CheckpointState } from '../formats/checkpoint';
import type { Objective } from '../models/objectives/objective';
import type { TrainingProgram, TrainingState } from '../models/training_program';
import type { TrainControl } from './control';
import type { Answer, TrainEvent } from './events';
import type { SampleLimits } from './samples';

/** Where a run stands between two optimizer steps, as checkpoints hold it. All of it follows from the settings and `step`. */
export type TrainPosition = Pick<CheckpointState, 'step' | 'position' | 'seed'>;

export interface TrainHooks {
  /** Resolves when the checkpoint is safe. */
  saveCheckpoint(position: TrainPosition, state: TrainingState): Promise<void>;
  /** Undefined if there are no sample prompts. */
  readonly samples?: SampleHook;
}

export interface SampleHook {
  /** They may become less while the first prompt is answered. */
  readonly limits: SampleLimits;
  /** Seconds that one round of answers takes; undefined until an answer was timed. */
  readonly roundSeconds: number | undefined;
  /**
   * Answers the sample prompts with the adapter as it is.
   *
   * @param tell hears how far it is, 0 to 1, and what was said so far
   * @returns undefined if `signal` cut it short
   */
  answer(
    signal: AbortSignal,
    tell: (fraction: number, answers: readonly Answer[]) => void,
  ): Promise<readonly Answer[] | undefined>;
}

export interface TrainOptions {
  readonly objective: Pick<Objective, 'pack' | 'terms' | 'perplexity'>;
  readonly program: TrainingProgram;
  /** Not empty, none longer than the program's capacity. */
  readonly examples: readonly TokenizedExample[];
  readonly heldOut: readonly TokenizedExample[];
  readonly settings: TrainSettings;
  /** A checkpoint to go on from; without one the program's state is where the run begins. */
  readonly start?: {
    readonly step: number;
    readonly state: TrainingState;
    /** Seconds that the run took up to there. */
    readonly elapsedSeconds?: number;
  };
  readonly onEvent: (event: TrainEvent) => void;
  readonly control: TrainControl;
  readonly hooks: TrainHooks;
  /** The expected time of the steps alone, which counts until some are measured. */
  readonly trainSeconds?: number;
  /** A clock in milliseconds. */
  readonly now?: () => number;
}
