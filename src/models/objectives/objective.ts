import type { TrainSettings } from '../../core/settings/settings';
import type { Batch, TokenizedExample } from '../../data/batches';
import type { ExampleSettings } from '../../data/examples';
import type { Sample } from '../../data/records';
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
   * The hidden states of the reference model, computed by a separate pass in the same program: the base without
   * adapter, dropout and noise. No gradient reaches it. TRL's trainers use the same reference for a new PEFT adapter if
   * `ref_model` is None. For a run that begins with another run's adapter the reference is still the base, while TRL 1
   * keeps a copy of that adapter. A loss should ask for it before `hidden`, to save memory: this pass's activations are
   * then freed before the other's are kept.
   */
  readonly referenceHidden: () => Tensor;
  /** The head of the reference model, which training leaves as it is. */
  readonly referenceHead: DenseWeight;
  /** [vocabulary, in] */
  readonly head: DenseWeight;
  /** Returns one of the objective's slots by name. */
  readonly slot: (name: string) => Tensor;
  /** If false, only the loss is computed, without its gradient. */
  readonly train: boolean;
}

export interface Loss {
  /** f32 [rows]; their sum over the accumulation window, times `run.loss_scale`, is the loss. */
  readonly losses: Tensor;
  /** f32 [rows] each, in the order of `Objective.metrics`; summed like the losses. */
  readonly metrics: readonly Tensor[];
}

/** Means over the terms of a window or of all held-out examples. */
export interface Means {
  readonly loss: number;
  /** By the names of `Objective.metrics`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** TRL's and Transformers' name of the negative log-likelihood if the loss is another one. */
export const NLL = 'nll_loss';

/**
 * The loss that tells how well a model learns: the negative log-likelihood if the objective measures it beside its own
 * loss. That of `loss_type` "dft" falls to 0 both when a model learns and when it breaks.
 */
export function judgedLoss({ loss, metrics = {} }: Pick<Means, 'loss'> & Partial<Means>): number {
  return metrics[NLL] ?? loss;
}

/** The examples of a record: one or several. */
export interface SampleExamples {
  readonly examples: readonly TokenizedExample[];
  /** Whether it has a text or an answer that no special token ends: the model can't learn from it to stop. */
  readonly endless: boolean;
}

/** A training objective. To add one, write a file in this folder, its line in the list, and its ops. */
export interface Objective {
  /**
   * Makes the examples of a record. Throws a TunesmithError for a record that the objective can't learn from.
   */
  readonly examples: (sample: Sample, settings: ExampleSettings) => SampleExamples;
  /** Whether long texts are learnt in pieces of `max_seq_length`, instead of being cut off there. */
  readonly inPieces: boolean;
  /** Number of texts in an example; each has at most `max_seq_length` tokens. */
  readonly texts: number;
  /** Packs examples into one micro-batch. */
  readonly pack: (examples: readonly TokenizedExample[]) => Batch;
  /** Number of terms in the mean that the loss is: target tokens, or pairs. */
  readonly terms: (batch: Batch) => number;
  /** Slots beside tokens, positions and segments, which every program has. */
  readonly slots: readonly BatchSlot[];
  /** Names of the metrics beside the loss. */
  readonly metrics: (settings: TrainSettings) => readonly string[];
  /** Applies the ops that compute the loss. */
  readonly loss: (builder: Builder, inputs: LossInputs, settings: TrainSettings) => Loss;
  /** exp of the mean negative log-likelihood; undefined if the objective has none. */
  readonly perplexity: (means: Means) => number | undefined;
}

/** The part of an objective that builds the programs on the device; the rest makes examples. */
export type LossObjective = Pick<Objective, 'slots' | 'metrics' | 'loss'>;
