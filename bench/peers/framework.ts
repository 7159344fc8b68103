import type { BlockArrays, RunningBlock } from './block';
import type { Measurement } from './peer';
import type { MatmulShape } from './shapes';

/** A peer that can compute arbitrary functions and their gradients. */
export interface Framework {
  matmul(shape: MatmulShape): Measurement;
  block(arrays: BlockArrays): RunningBlock;
  /** Resolves when the GPU has finished all started work. */
  finish(): Promise<void>;
  close(): void;
}
