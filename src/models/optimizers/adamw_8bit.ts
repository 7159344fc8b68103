import { dynamicCode } from '../../core/dynamic_code';
import { elementCount } from '../../core/shape';
import { adamw as adamwOp } from '../../ops/adamw';
import { adamw8bit as adamw8bitOp, BLOCK, blocksOf } from '../../ops/adamw_8bit';
import { tensorTable, type TensorRecord } from '../../ops/tensor_table';
import { adamScalars, f32Moments, wholeRecords } from './adamw';
import type { FlatTensor, Optimizer } from './optimizer';
import { ratesOf } from './rates';

/** Tensors of fewer elements keep moments in f32 (bitsandbytes' `min_8bit_size`). */
const MIN_8BIT_SIZE = 4096;

const TABLE = 'adamw_8bit_tensors';
const SMALL_TABLE = 'adamw_tensors';

/**
 * AdamW with moments in 8 bits (Dettmers et al. 2022, "8-bit Optimizers via Block-wise Quantization") as bitsandbytes'
 * AdamW8bit: blocks of 256 elements of each tensor, without its padding, and the nearest value of the dynamic code. A
 * paged optimiser keeps the same state in memory that can be paged to the host, which WebGPU lacks.
 */
export const adamw8bit: Optimizer = {
  name: 'adamw_8bit',
  plan({ tensors }, settings) {
    const rates = ratesOf(tensors, settings);
    const isSmall = ({ shape }: FlatTensor): boolean => elementCount(shape) < MIN_8BIT_SIZE;
    const rateOf = new Map(tensors.map((tensor, index) => [tensor, rates?.[index] ?? 1]));
    const ratesFor = (some: readonly FlatTensor[]): number[] => some.map((tensor) => rateOf.get(tensor) ?? 1);
    const small = tensors.filter(isSmall);
    const large = tensors.filter((tensor) => !isSmall(tensor));
    const smallRecords = wholeRecords(small, ratesFor(small));
    const records = blockRecords(large, ratesFor(large));
    const blocks = records.reduce((sum, record) => sum + blocksOf(record), 0);
    const smallCount = smallRecords.reduce((sum, { count }) => sum + count, 0);
    return {
      state: [
        ...(large.length > 0
          ? ([
              { name: 'codes1', dtype: 'U8', shape: [blocks, BLOCK] },
              { name: 'codes2', dtype: 'U8', shape: [blocks, BLOCK] },
              { name: 'absmax1', dtype: 'F32', shape: [blocks] },
              { name: 'absmax2', dtype: 'F32', shape: [blocks] },
            ] as const)
          : []),
        ...(small.length > 0 ? f32Moments(smallCount) : []),
      ],
      tables: [
        ...(large.length > 0 ? [{ name: TABLE, words: tensorTable(records, dynamicCodes()) }] : []),
        ...(small.length > 0 ? [{ name: SMALL_TABLE, words: tensorTable(smallRecords) }] : []),
      ],
      step(trace, { parameters, gradients, metrics, of }) {
        const flat = { parameters, gradients, metrics };
        if (large.length > 0) {
          const codes = { codes1: of('codes1'), codes2: of('codes2') };
          const scales = { absmax1: of('absmax1'), absmax2: of('absmax2') };
          adamw8bitOp(trace, { ...flat, ...codes, ...scales, table: of(TABLE) }, records);
        }
        if (small.length > 0) {
          const moments = { moment1: of('moment1'), moment2: of('moment2') };
          adamwOp(trace, { ...flat, ...moments }, { records: smallRecords, table: of(SMALL_TABLE) });
        }
      },
      scalars: (values) => adamScalars(settings, values),
    };
  },
};

/** The codes of the first moment, then those of the second. */
export function dynamicCodes(): Float32Array<ArrayBuffer> {
  const codes = new Float32Array(512);
  codes.set(dynamicCode(true));
  codes.set(dynamicCode(false), 256);
  return codes;
}

/** Records of the tensors without their padding; `first` counts blocks. */
function blockRecords(tensors: readonly FlatTensor[], rates: readonly number[]): readonly TensorRecord[] {
  let first = 0;
  return tensors.map(({ offset, shape, padded }, index) => {
    const row = { columns: shape.at(-1) ?? 1, stride: padded.at(-1) ?? 1 };
    const record = { first, offset, count: elementCount(shape), ...row, rate: rates[index] ?? 1 };
    first += blocksOf(record);
    return record;
  });
}
