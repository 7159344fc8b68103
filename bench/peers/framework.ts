import type { BlockArrays, RunningBlock } from './block';
import type { Measurement } from './peer';
import type { MatmulShape } from './shapes';

/** A rival that computes whatever it is asked to, gradients too. */
export interface Framework {
  matmul(shape: MatmulShape): Measurement;
  block(arrays: BlockArrays): RunningBlock;
  /** Resolves when the GPU has done all that was started. */
  finish(): Promise<void>;
  close(): void;
}
