import type { Batch } from '../data/batches';
import type { NamedTensor } from '../formats/checkpoint';
import type { Means } from './objectives/objective';
import type { StepValues } from './optimizers/optimizer';

export interface MicroBatchValues {
  /** False for the first micro-batch of an accumulation window. */
  readonly accumulate: boolean;
  /** Number of terms in the loss of the whole accumulation window: target tokens, or pairs. */
  readonly windowTerms: number;
  readonly seed: number;
  /** Micro-batches since the run's start; seeds the dropout. */
  readonly counter: number;
}

export interface StepMetrics {
  /** Mean loss over the window's terms. */
  readonly loss: number;
  /** Means of the objective's own metrics. */
  readonly metrics: Means['metrics'];
  /** Global norm of the gradient before clipping. */
  readonly gradNorm: number;
  /** False if the loss or the norm is NaN or infinite; the device then skips the update. */
  readonly finite: boolean;
}

/** The tensors that training changes: the flat buffer of parameters, and those that the optimiser declares. */
export type TrainingState = readonly NamedTensor[];

/** Forward, backward, optimizer and evaluation on the device, compiled once for a capacity of token rows. */
export interface TrainingProgram {
  /** The most token rows of a micro-batch. */
  readonly capacity: number;
  microBatch(batch: Batch, values: MicroBatchValues): Promise<void>;
  /** Clips and updates; the device keeps the window's metrics until `metrics`. */
  optimizerStep(values: StepValues): Promise<void>;
  /** Metrics of the optimizer steps since the last call, oldest first; at most `METRICS_RING` are held. Waits for them. */
  metrics(): Promise<readonly StepMetrics[]>;
  /** Sums of the losses and metrics over the batch, without touching gradients or state. */
  evaluate(batch: Batch): Promise<Means>;
  readState(): Promise<TrainingState>;
  /** @throws TunesmithError `checkpoint_damaged` if a tensor is missing or of another shape */
  writeState(state: TrainingState): void;
  destroy(): void;
}

/** Number of optimizer steps whose metrics the device holds until they are read. */
export const METRICS_RING = 64;
