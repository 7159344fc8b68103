import type { ShaderConstants } from '../../gpu/shaders';
import type { Packing } from '../weight';
import type { Message } from '../../core/messages/message';

/** The buffers of a packed weight, of which every format has one or two: so much fits beside what a product binds. */
export interface PackedBuffers {
  readonly codes: number;
  readonly scales?: number;
}

/** Constants and overrides for a kernel that reads a packed weight through shaders/lib/packed_weight.wgsl. */
export interface PackedReader {
  /** Names the format, and what is constant for all weights that are packed alike. */
  readonly constants: ShaderConstants;
  /** Sizes that differ from weight to weight. */
  readonly overrides: Readonly<Record<string, number>>;
}

/**
 * A format that weights are packed in: the sizes of its buffers, and the constants of its part of the shaders. The
 * products and `unpack` do the rest. The elements' meaning is in shaders/lib/<format>_weight4.wgsl.
 */
export interface WeightFormat<P extends Packing> {
  /** Bytes of each buffer, multiples of 4. */
  buffers(packing: P, out: number, input: number): PackedBuffers;
  /**
   * Why a matrix [out, in] can't be packed in this format, in words that follow "[out, in] "; undefined if it can.
   * All formats need `in` to be a multiple of 4.
   */
  refusal(packing: P, out: number, input: number): Message | undefined;
  reader(packing: P, out: number, input: number): PackedReader;
}
