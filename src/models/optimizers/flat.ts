import { alignUp } from '../../core/align';
import { elementCount } from '../../core/shape';
import type { FlatTensors } from '../../ops/flat_step';
import { tensorTable, type TensorRecord } from '../../ops/tensor_table';
import type {
  FlatLayout,
  FlatTensor,
  OptimizerSettings,
  StateTable,
  StateTensor,
  StepTensors,
} from './optimizer';
import { decayOf, rateFunction, ratesOf } from './rates';

const TABLE = 'flat_tensors';

/** Moments of `count` elements each: `moment1`, `moment2` … */
export function f32Moments(count: number, moments: number): readonly StateTensor[] {
  return Array.from({ length: moments }, (_, index) => ({
    name: `moment${index + 1}`,
    dtype: 'F32',
    shape: [count],
  }));
}

/**
 * Records of the tensors including their padding: the moments have the same layout as the flat buffer.
 *
 * @param rateOf the learning rate factor of a tensor
 */
export function wholeRecords(
  tensors: readonly FlatTensor[],
  rateOf: (tensor: FlatTensor) => number,
): readonly TensorRecord[] {
  let first = 0;
  return tensors.map((tensor) => {
    const count = alignUp(elementCount(tensor.padded), 64);
    const { offset } = tensor;
    const factors = { rate: rateOf(tensor), decay: decayOf(tensor) };
    const record = { first, offset, count, columns: count, stride: count, ...factors };
    first += count;
    return record;
  });
}

/** The table of all tensors for a kernel over the flat buffers; none if all learn at the same rate and decay alike. */
export interface FlatTable {
  readonly tables: readonly StateTable[];
  readonly tensors: (of: StepTensors['of']) => FlatTensors | undefined;
}

export function flatTable({ tensors }: FlatLayout, settings: OptimizerSettings): FlatTable {
  const decaysAll = tensors.every((tensor) => decayOf(tensor) === 1);
  if (decaysAll && !ratesOf(tensors, settings)) return { tables: [], tensors: () => undefined };
  const records = wholeRecords(tensors, rateFunction(tensors, settings));
  return {
    tables: [{ name: TABLE, words: tensorTable(records) }],
    tensors: (of) => ({ records, table: of(TABLE) }),
  };
}
