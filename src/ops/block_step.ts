import { elements, read, spread, update, type Dispatch, type Limits, type Tensor } from './op';
import { recordRanges, type TensorRecord } from './tensor_table';

/** Elements of a tensor that share a scale. */
export const BLOCK = 256;

export const blocksOf = ({ count }: Pick<TensorRecord, 'count'>): number => Math.ceil(count / BLOCK);

/** An optimiser's kernel whose workgroups update a block of 256 elements each, with moments in 8 bits. */
export interface BlockStep {
  readonly kernel: string;
  /** f32 [n] lie in the flat buffers, whose tensors the table tells. */
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  /** u32 [blocks × 64] each, four codes a word. */
  readonly codes: readonly Tensor[];
  /** f32 [blocks] each */
  readonly absmax: readonly Tensor[];
  /** f32 [4], as `lossSum` and `gradientNorm` leave it. */
  readonly metrics: Tensor;
  /** The values of the codes and the records, as `tensorTable` writes them. */
  readonly table: Tensor;
}

/**
 * The dispatches of such a kernel: its bindings are in the order of `BlockStep`; its words are the first block, the blocks, the
 * first record and the records.
 *
 * @param records `first` in blocks
 */
export function blockDispatches(
  { kernel, parameters, gradients, codes, absmax, metrics, table }: BlockStep,
  records: readonly TensorRecord[],
  limits: Limits,
): Dispatch[] {
  const size = elements(parameters.shape, 1);
  return recordRanges(records, limits).map((range) => {
    const firstBlock = range.records[0]?.first ?? 0;
    const blocks = range.records.reduce((sum, record) => sum + blocksOf(record), 0);
    const flat = { offset: range.begin * 4, size: (Math.min(range.end, size) - range.begin) * 4 };
    const own = { offset: firstBlock * BLOCK, size: blocks * BLOCK };
    return {
      kernel,
      // On software adapters barriers are slow, and slower with more threads.
      overrides: { first_element: range.begin, threads: limits.software ? 4 : 64 },
      bindings: [
        { ...update(parameters), ...flat },
        { ...read(gradients), ...flat },
        ...codes.map((each) => ({ ...update(each), ...own })),
        ...absmax.map(update),
        read(metrics),
        read(table),
      ],
      words: [firstBlock, blocks, range.firstRecord, range.records.length],
      workgroups: () => spread(blocks, limits.maxComputeWorkgroupsPerDimension),
      flops: () => blocks * BLOCK * 64,
    };
  });
}
