import type { TrainSettings } from '../../core/settings/settings';
import type { Batch, TokenizedExample } from '../../data/batches';
import type { buildExamples, BuiltExamples } from '../../data/examples';
import type { Builder, Tensor, TensorType } from '../../ops/op';
import type { DenseWeight } from '../../ops/weight';

/** The settings that objectives read. */
export type ObjectiveSettings = Pick<TrainSettings, 'label_smoothing_factor'>;

/** An input of the programs that is filled from each batch: one of its arrays, by name. */
export interface BatchSlot extends TensorType {
  readonly name: string;
}

export interface LossInputs {
  /** f32 [rows, in]: hidden states after the last norm. */
  readonly hidden: Tensor;
  /** [vocabulary, in] */
  readonly head: DenseWeight;
  /** One of the objective's slots, by its name. */
  readonly slot: (name: string) => Tensor;
  /** False: the loss alone, without its gradient. */
  readonly train: boolean;
}

export interface Loss {
  /** f32 [rows]; their sum over the accumulation window, times `run.loss_scale`, is the loss. */
  readonly losses: Tensor;
  /** f32 [rows] each, in the order of `Objective.metrics`: they are summed as the losses are. */
  readonly metrics: readonly Tensor[];
}

/** Means over the terms of a window or of all held-out examples. */
export interface Means {
  readonly loss: number;
  /** By the names of `Objective.metrics`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * What a run learns: one file in this folder, and its ops. An example may hold more than one text (a pair): `ids` and
 * `trained` then have them one after the other, and what the type adds tells where each begins.
 */
export interface Objective<Example extends TokenizedExample = TokenizedExample> {
  readonly name: string;
  /** Makes examples of the rows that it takes, and reports the others. */
  readonly examples: (
    ...given: Parameters<typeof buildExamples>
  ) => Promise<Omit<BuiltExamples, 'examples'> & { readonly examples: readonly Example[] }>;
  /** One micro-batch. An example is never divided. */
  readonly pack: (examples: readonly Example[]) => Batch;
  /** What the loss is the mean over: target tokens, or pairs. */
  readonly terms: (batch: Batch) => number;
  /** Beside tokens, positions and segments, which every program has. */
  readonly slots: readonly BatchSlot[];
  /** Names of what is measured beside the loss. */
  readonly metrics: (settings: ObjectiveSettings) => readonly string[];
  /** Applies the ops that make the loss. */
  readonly loss: (builder: Builder, inputs: LossInputs, settings: ObjectiveSettings) => Loss;
  /** exp of the mean negative log-likelihood; undefined if the objective has none. */
  readonly perplexity: (means: Means) => number | undefined;
}

/** What the programs on the device are made by; examples are no concern of theirs. */
export type LossObjective = Pick<Objective, 'name' | 'slots' | 'metrics' | 'loss'>;
