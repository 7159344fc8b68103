import { elementCount } from '../../core/shape';
import { BLOCK, blocksOf } from '../../ops/block_step';
import { tensorTable, type TensorRecord } from '../../ops/tensor_table';
import { f32Moments, wholeRecords } from './flat';
import type { FlatLayout, OptimizerSettings, StateTable, StateTensor } from './optimizer';
import { decayOf, rateFunction } from './rates';

/** Tensors of fewer elements keep moments in f32 (bitsandbytes' `min_8bit_size`). */
const MIN_8BIT_SIZE = 4096;

export interface EightBits {
  readonly state: readonly StateTensor[];
  readonly tables: readonly StateTable[];
  /** Of the tensors with moments in 8 bits: `first` in blocks; empty if there is none. */
  readonly blocks: readonly TensorRecord[];
  /** Of the tensors with moments in f32: `first` in elements of their moments; empty if there is none. */
  readonly small: readonly TensorRecord[];
}

/** Names of the tables. */
export const BLOCK_TABLE = 'block_tensors';
export const SMALL_TABLE = 'small_tensors';

/**
 * Moments in 8 bits as bitsandbytes' blockwise optimisers keep them: `codesN` and `absmaxN` of blocks of 256 elements of each
 * tensor, without its padding; `momentN` in f32 of tensors that are too small.
 *
 * @param codes the values of the codes of each moment, one after the other
 */
export function eightBits(
  { tensors }: FlatLayout,
  settings: OptimizerSettings,
  moments: number,
  codes: Float32Array<ArrayBuffer>,
): EightBits {
  const rateOf = rateFunction(tensors, settings);
  const isSmall = ({ shape }: (typeof tensors)[number]): boolean => elementCount(shape) < MIN_8BIT_SIZE;
  const small = wholeRecords(tensors.filter(isSmall), rateOf);
  let count = 0;
  const blocks = tensors
    .filter((tensor) => !isSmall(tensor))
    .map((tensor): TensorRecord => {
      const { offset, shape, padded } = tensor;
      const row = { columns: shape.at(-1) ?? 1, stride: padded.at(-1) ?? 1 };
      const factors = { rate: rateOf(tensor), decay: decayOf(tensor) };
      const record = { first: count, offset, count: elementCount(shape), ...row, ...factors };
      count += blocksOf(record);
      return record;
    });
  const numbers = Array.from({ length: moments }, (_, index) => index + 1);
  const smallCount = small.reduce((sum, record) => sum + record.count, 0);
  return {
    blocks,
    small,
    state: [
      ...(count > 0
        ? [
            ...numbers.map((n) => ({ name: `codes${n}`, dtype: 'U8' as const, shape: [count, BLOCK] })),
            ...numbers.map((n) => ({ name: `absmax${n}`, dtype: 'F32' as const, shape: [count] })),
          ]
        : []),
      ...(smallCount > 0 ? f32Moments(smallCount, moments) : []),
    ],
    tables: [
      ...(count > 0 ? [{ name: BLOCK_TABLE, words: tensorTable(blocks, codes) }] : []),
      ...(smallCount > 0 ? [{ name: SMALL_TABLE, words: tensorTable(small) }] : []),
    ],
  };
}
