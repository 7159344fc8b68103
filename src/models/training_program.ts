import type { Batch } from '../data/batches';

/** AdamW's settings for one optimizer step (Loshchilov & Hutter 2019, decoupled weight decay), as torch.optim.AdamW. */
export interface OptimizerValues {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** 0: no clipping. */
  readonly maxGradNorm: number;
  /** 1-based optimizer step, for the bias corrections. */
  readonly step: number;
}

export interface MicroBatchValues {
  /** False for the first micro-batch of an accumulation window. */
  readonly accumulate: boolean;
  /** Target tokens of the whole accumulation window. */
  readonly windowTargetTokens: number;
  readonly seed: number;
  /** Micro-batches since the run's start; keys the dropout. */
  readonly counter: number;
}

export interface StepMetrics {
  /** Mean loss over the window's target tokens. */
  readonly loss: number;
  /** Global norm of the gradient before clipping. */
  readonly gradNorm: number;
  /** False where the loss or the norm is NaN or infinite; the update was then left out on the device. */
  readonly finite: boolean;
}

/** All that training changes, in the layout of the flat buffers. */
export interface TrainingState {
  readonly parameters: Float32Array<ArrayBuffer>;
  readonly moment1: Float32Array<ArrayBuffer>;
  readonly moment2: Float32Array<ArrayBuffer>;
}

/** Forward, backward, optimizer and evaluation on the device, compiled once for a capacity of token rows. */
export interface TrainingProgram {
  /** The most token rows of a micro-batch. */
  readonly capacity: number;
  microBatch(batch: Batch, values: MicroBatchValues): Promise<void>;
  /** Clips and updates; the window's metrics are kept on the device until `metrics`. */
  optimizerStep(values: OptimizerValues): Promise<void>;
  /** Metrics of the optimizer steps since the last call, oldest first; at most `METRICS_RING` are held. Waits for them. */
  metrics(): Promise<readonly StepMetrics[]>;
  /** Sum of the losses over the batch's target tokens, without touching gradients or state. */
  evaluate(batch: Batch): Promise<number>;
  readState(): Promise<TrainingState>;
  writeState(state: TrainingState): void;
  destroy(): void;
}

/** Optimizer steps whose metrics the device holds until they are read. */
export const METRICS_RING = 64;
