import { defineOp, elements, read, spread, update, type Builder, type Tensor } from './op';
import { recordRanges, type TensorRecord } from './tensor_table';

/** Elements of a tensor that share their scales. */
export const BLOCK = 256;

/** f32 [n] lie in the flat buffers, whose tensors the table tells. */
export interface Adamw8bitInputs {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  /** u32 [blocks × 64], four codes a word. */
  readonly codes1: Tensor;
  readonly codes2: Tensor;
  /** f32 [blocks] */
  readonly absmax1: Tensor;
  readonly absmax2: Tensor;
  /** f32 [4], as `lossSum` and `gradientNorm` leave it. */
  readonly metrics: Tensor;
  /** The two codes and `records`, as `tensorTable` writes them. */
  readonly table: Tensor;
}

interface Attributes {
  /** `first` in blocks. */
  readonly records: readonly TensorRecord[];
}

export const blocksOf = ({ count }: Pick<TensorRecord, 'count'>): number => Math.ceil(count / BLOCK);

const definition = defineOp<Adamw8bitInputs & Record<string, Tensor>, Record<string, never>, Attributes>({
  name: 'adamw_8bit',
  lower({ inputs, attributes: { records } }, { limits }) {
    const { parameters, gradients, codes1, codes2, absmax1, absmax2, metrics, table } = inputs;
    const size = elements(parameters.shape, 1);
    return recordRanges(records, limits).map((range) => {
      const firstBlock = range.records[0]?.first ?? 0;
      const blocks = range.records.reduce((sum, record) => sum + blocksOf(record), 0);
      const flat = { offset: range.begin * 4, size: (Math.min(range.end, size) - range.begin) * 4 };
      const codes = { offset: firstBlock * BLOCK, size: blocks * BLOCK };
      return {
        kernel: 'adamw_8bit',
        // On software adapters barriers are slow, and slower with more threads.
        overrides: { first_element: range.begin, threads: limits.software ? 4 : 64 },
        bindings: [
          { ...update(parameters), ...flat },
          { ...read(gradients), ...flat },
          { ...update(codes1), ...codes },
          { ...update(codes2), ...codes },
          update(absmax1),
          update(absmax2),
          read(metrics),
          read(table),
        ],
        words: [firstBlock, blocks, range.firstRecord, range.records.length],
        workgroups: () => spread(blocks, limits.maxComputeWorkgroupsPerDimension),
        flops: () => blocks * BLOCK * 64,
      };
    });
  },
});

/**
 * One step of AdamW in place with moments in 8 bits, as bitsandbytes' AdamW8bit, with the settings in `run`. Gradients are
 * multiplied by metrics[3] first; nothing is changed if metrics[2] is not 0.
 */
export function adamw8bit(builder: Builder, inputs: Adamw8bitInputs, records: readonly TensorRecord[]): void {
  builder.apply(definition, { ...inputs }, {}, { records });
}
