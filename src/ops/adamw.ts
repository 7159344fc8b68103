import { defineOp, elements, read, spread, update, type Builder, type Dispatch, type Tensor } from './op';
import { recordRanges, type TensorRecord } from './tensor_table';
import { bindRange, bufferRanges } from './buffer_ranges';

/** Bytes of a buffer that one workgroup updates. */
const WORKGROUP_BYTES = 256 * 16;

/** Flat, f32 [n], n a multiple of 64; a parameter lies at the same place in all four unless `tensors` tells otherwise. */
export interface AdamwInputs {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  readonly moment1: Tensor;
  readonly moment2: Tensor;
  /** f32 [4], as `lossSum` and `gradientNorm` leave it. */
  readonly metrics: Tensor;
}

/** Some tensors of the flat buffers, with rates of their own. */
export interface AdamwTensors {
  /** `first` in elements of the moments, which have only these tensors. */
  readonly records: readonly TensorRecord[];
  /** The records, as `tensorTable` writes them. */
  readonly table: Tensor;
}

interface Attributes {
  readonly records: readonly TensorRecord[] | undefined;
}

const definition = defineOp<AdamwInputs & Record<string, Tensor>, Record<string, never>, Attributes>({
  name: 'adamw',
  lower({ inputs, attributes: { records } }, { limits }) {
    const { parameters, gradients, moment1, moment2, metrics } = inputs;
    const most = limits.maxComputeWorkgroupsPerDimension;
    if (!records) {
      return bufferRanges(elements(parameters.shape, 1) * 4, limits).map((range) => ({
        kernel: 'adamw',
        bindings: [
          bindRange(parameters, 'update', range),
          bindRange(gradients, 'read', range),
          bindRange(moment1, 'update', range),
          bindRange(moment2, 'update', range),
          read(metrics),
        ],
        workgroups: () => spread(Math.ceil(range.size / WORKGROUP_BYTES), most),
        flops: () => range.size * 4,
      }));
    }
    return recordRanges(records, limits).map((range): Dispatch => {
      const first = range.records[0]?.first ?? 0;
      const count = range.records.reduce((sum, record) => sum + record.count, 0);
      const flat = { offset: range.begin * 4, size: (range.end - range.begin) * 4 };
      const moments = { offset: first * 4, size: count * 4 };
      return {
        kernel: 'adamw',
        constants: { TENSORS: true },
        bindings: [
          { ...update(parameters), ...flat },
          { ...read(gradients), ...flat },
          { ...update(moment1), ...moments },
          { ...update(moment2), ...moments },
          read(metrics),
          read(inputs['table']!),
        ],
        words: [first, range.begin, range.firstRecord, range.records.length],
        workgroups: () => spread(Math.ceil((count * 4) / WORKGROUP_BYTES), most),
        flops: () => count * 16,
      };
    });
  },
});

/**
 * One step of AdamW in place, with the settings in `run`, as torch.optim.AdamW. Gradients are multiplied by metrics[3]
 * first; nothing is changed if metrics[2] is not 0.
 *
 * @param tensors the tensors to update, if not all of them, or not all at the same rate
 */
export function adamw(builder: Builder, inputs: AdamwInputs, tensors?: AdamwTensors): void {
  const { table, records } = tensors ?? {};
  builder.apply(definition, { ...inputs, ...(table && { table }) }, {}, { records });
}
