import type { TrainSettings } from '../../core/settings/settings';
import type { RunValues } from '../../gpu/run';
import type { Trace } from '../../graph/trace';
import type { Tensor } from '../../ops/op';

/** The settings that optimisers read. */
export type OptimizerSettings = Pick<
  TrainSettings,
  | 'optim'
  | 'loraplus_lr_ratio'
  | 'layerwise_lr_decay'
  | 'muon_adjust_lr_fn'
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
  /** The trained and stored shape. */
  readonly shape: readonly number[];
  /** The shape in the flat buffer. Elements beyond `shape` are 0, and so are their gradients. */
  readonly padded: readonly number[];
}

/** All trainable parameters. */
export interface FlatLayout {
  /** f32 elements of the flat buffer. */
  readonly size: number;
  readonly tensors: readonly FlatTensor[];
  /** f32 elements that the kind of the adapter derives from the parameters. */
  readonly derivedSize?: number;
}

/** A tensor that an optimiser keeps from step to step. Checkpoints hold it under this name. */
export interface StateTensor {
  readonly name: string;
  /** Kernels see U8 four to a word. */
  readonly dtype: 'F32' | 'U8';
  readonly shape: readonly number[];
  /** Whether it equals the parameters before the first step; otherwise it is zero. */
  readonly begins?: 'parameters';
}

/** A table of constants for kernels: written once, never in a checkpoint. */
export interface StateTable {
  readonly name: string;
  readonly words: Uint32Array<ArrayBuffer>;
}

export interface StepTensors {
  /** f32 [size], updated in place. */
  readonly parameters: Tensor;
  /** f32 [size] */
  readonly gradients: Tensor;
  /** f32 [4] from `lossSum` and `gradientNorm`. The step must change nothing if element 2 is not 0. */
  readonly metrics: Tensor;
  /** Returns a state tensor or a table by name. */
  readonly of: (name: string) => Tensor;
}

/** The values of one optimizer step. */
export interface StepValues {
  readonly learningRate: number;
  /** From 1. */
  readonly step: number;
}

/** An optimiser for the parameters of one adapter, under the settings of one run. */
export interface OptimizerPlan {
  readonly state: readonly StateTensor[];
  /** The state that micro-batches take in place of the parameters; these are then only for use: evaluation, answers, exports. */
  readonly training?: string;
  readonly tables: readonly StateTable[];
  /** Applies the ops of one step. */
  readonly step: (trace: Trace, tensors: StepTensors) => void;
  /** The step's values in `run`. */
  readonly scalars: (values: StepValues) => Partial<RunValues>;
}

/** An optimiser. To add one, write a file in this folder and its ops. */
export interface Optimizer {
  /** Its value of the setting `optim`. */
  readonly name: OptimizerSettings['optim'];
  plan(layout: FlatLayout, settings: OptimizerSettings): OptimizerPlan;
}
