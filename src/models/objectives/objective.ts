import type { TrainSettings } from '../../core/settings/settings';
import type { Batch, TokenizedExample } from '../../data/batches';
import type { buildExamples } from '../../data/examples';
import type { Builder, Tensor, TensorType } from '../../ops/op';
import type { DenseWeight } from '../../ops/weight';

/** An input of the programs that is filled from each batch: one of its arrays, by name. */
export interface BatchSlot extends TensorType {
  readonly name: string;
}

export interface LossInputs {
  /** Hidden states after the last norm, f32 [rows, in]. */
  readonly hidden: () => Tensor;
  /**
   * The same of the reference model, by a pass of its own in the same program: the base without the adapter, dropout and
   * noise, and no gradient reaches it. TRL's trainers take the same reference for a new PEFT adapter if `ref_model` is None. A
   * run that begins with another run's adapter is compared with the base too, while TRL 1 then keeps a copy of that adapter.
   * A loss that asks for it before `hidden` needs less memory: this pass's activations are gone before the other's are kept.
   */
  readonly referenceHidden: () => Tensor;
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

/** What a run learns: one file in this folder, its line in the list, and its ops. */
export interface Objective {
  /** Makes examples of the rows that it takes, and reports the others. */
  readonly examples: typeof buildExamples;
  /** Texts of an example, of which each has at most `max_seq_length` tokens. */
  readonly texts: number;
  /** One micro-batch. An example is never divided. */
  readonly pack: (examples: readonly TokenizedExample[]) => Batch;
  /** What the loss is the mean over: target tokens, or pairs. */
  readonly terms: (batch: Batch) => number;
  /** Beside tokens, positions and segments, which every program has. */
  readonly slots: readonly BatchSlot[];
  /** Names of what is measured beside the loss. */
  readonly metrics: (settings: TrainSettings) => readonly string[];
  /** Applies the ops that make the loss. */
  readonly loss: (builder: Builder, inputs: LossInputs, settings: TrainSettings) => Loss;
  /** exp of the mean negative log-likelihood; undefined if the objective has none. */
  readonly perplexity: (means: Means) => number | undefined;
}

/** What the programs on the device are made by; examples are no concern of theirs. */
export type LossObjective = Pick<Objective, 'slots' | 'metrics' | 'loss'>;
