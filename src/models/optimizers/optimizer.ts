import type { RunValues } from '../../gpu/run';
import type { Trace } from '../../graph/trace';
import type { Tensor } from '../../ops/op';

/** The settings that optimisers read, by the names of Transformers' TrainingArguments. */
export interface OptimizerSettings {
  /** An optimiser's name; the first of the list if it is not given. */
  readonly optim?: string;
  readonly weight_decay: number;
  readonly adam_beta1: number;
  readonly adam_beta2: number;
  readonly adam_epsilon: number;
  /** 0: no clipping. */
  readonly max_grad_norm: number;
  /** LoRA+: the learning rate of B over A's; 1 if it is not given. */
  readonly loraplus_lr_ratio?: number;
}

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
  /** The value of `optim`. */
  readonly name: string;
  /** Other values of `optim` that mean the same here. */
  readonly aliases: readonly string[];
  plan(layout: FlatLayout, settings: OptimizerSettings): OptimizerPlan;
}
