import type { TrainSettings } from '../../core/settings/settings';
import type { RunValues } from '../../gpu/run';
import type { Trace } from '../../graph/trace';
import type { Tensor } from '../../ops/op';

/** The settings that optimisers read. */
export type OptimizerSettings = Pick<
  TrainSettings,
  | 'optim'
  | 'loraplus_lr_ratio'
  | 'weight_decay'
  | 'adam_beta1'
  | 'adam_beta2'
  | 'adam_epsilon'
  | 'max_grad_norm'
>;

/** A trainable tensor within the flat buffer of parameters. */
export interface FlatTensor {
  readonly name: string;
  /** f32 elements from the flat buffer's start; a multiple of 64. */
  readonly offset: number;
  /** As it is trained and stored. */
  readonly shape: readonly number[];
  /** As it lies in the flat buffer: what is beyond `shape` is 0, as are its gradients. */
  readonly padded: readonly number[];
}

/** All trainable parameters. */
export interface FlatLayout {
  /** f32 elements of the flat buffer. */
  readonly size: number;
  readonly tensors: readonly FlatTensor[];
}

/** What an optimiser keeps from one step to the next: in checkpoints by this name, zero before the first step. */
export interface StateTensor {
  readonly name: string;
  /** Kernels see U8 four to a word. */
  readonly dtype: 'F32' | 'U8';
  readonly shape: readonly number[];
}

/** Numbers that kernels look up: written once, and in no checkpoint. */
export interface StateTable {
  readonly name: string;
  readonly words: Uint32Array<ArrayBuffer>;
}

export interface StepTensors {
  /** f32 [size], updated in place. */
  readonly parameters: Tensor;
  /** f32 [size] */
  readonly gradients: Tensor;
  /** f32 [4], as `lossSum` and `gradientNorm` leave it: the step must change nothing if [2] is not 0. */
  readonly metrics: Tensor;
  /** Of a state tensor or a table, by its name. */
  readonly of: (name: string) => Tensor;
}

/** One optimizer step. */
export interface StepValues {
  readonly learningRate: number;
  /** From 1. */
  readonly step: number;
}

/** An optimiser for the parameters of one adapter, under the settings of one run. */
export interface OptimizerPlan {
  readonly state: readonly StateTensor[];
  readonly tables: readonly StateTable[];
  /** Applies the ops of one step. */
  readonly step: (trace: Trace, tensors: StepTensors) => void;
  /** The step's values in `run`. */
  readonly scalars: (values: StepValues) => Partial<RunValues>;
}

/** An optimiser: one file in this folder, and its ops. */
export interface Optimizer {
  /** The value of the setting `optim`, whose entry in the table has the line of help and the aliases. */
  readonly name: OptimizerSettings['optim'];
  plan(layout: FlatLayout, settings: OptimizerSettings): OptimizerPlan;
}
