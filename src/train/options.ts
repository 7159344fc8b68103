import type { TrainSettings } from '../core/settings/settings';
import type { ExampleList } from '../data/example_list';
import type { CheckpointState } from '../formats/checkpoint';
import type { Objective } from '../models/objectives/objective';
import type { TrainingProgram, TrainingState } from '../models/training_program';
import type { TrainControl } from './control';
import type { NamedExamples } from './evaluate';
import type { Answer, TrainEvent } from './events';
import type { SampleLimits } from './samples';
import type { Evaluated } from './stopping';

/**
 * A run's position between two optimizer steps, as checkpoints hold it. The settings and `step` determine all of it.
 */
export type TrainPosition = Pick<CheckpointState, 'step' | 'position' | 'seed'>;

export interface TrainHooks {
  /** Resolves when the checkpoint is safe. */
  saveCheckpoint(position: TrainPosition, state: TrainingState): Promise<void>;
  /** Undefined if there are no sample prompts. */
  readonly samples?: SampleHook;
}

export interface SampleHook {
  /** The limits may shrink during the answer to the first prompt. */
  readonly limits: SampleLimits;
  /** Duration of one round of answers in seconds; undefined until an answer was timed. */
  readonly roundSeconds: number | undefined;
  /**
   * Answers the sample prompts with the present adapter.
   *
   * @param tell gets the progress, 0 to 1, and the answers so far
   * @returns undefined if `signal` stopped it
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
  readonly examples: ExampleList;
  readonly heldOut: ExampleList;
  /** The held-out examples of each source, if they come from several. */
  readonly heldOutSources?: readonly NamedExamples[] | undefined;
  readonly settings: TrainSettings;
  /** The checkpoint to continue from; if absent, the run begins with the program's present state. */
  readonly start?: {
    readonly step: number;
    readonly state: TrainingState;
    /** Seconds that the run took until then. */
    readonly elapsedSeconds?: number;
    /** The evaluations until then; they decide when the run stops early. */
    readonly evaluations?: readonly Evaluated[];
  };
  readonly onEvent: (event: TrainEvent) => void;
  readonly control: TrainControl;
  readonly hooks: TrainHooks;
  /** The expected time of the steps alone, in seconds; used until some are measured. */
  readonly trainSeconds?: number;
  /** Bytes of the device's buffers at present; undefined if they are not counted. */
  readonly deviceBytes?: () => number;
  /** A clock in milliseconds. */
  readonly now?: () => number;
}
