import { bindRange, bufferRanges } from './buffer_ranges';
import { elements, read, spread, update, type Dispatch, type Limits, type Tensor } from './op';
import { recordRanges, type TensorRecord } from './tensor_table';

/** Bytes of a buffer that one workgroup updates. */
const WORKGROUP_BYTES = 256 * 16;

/** An optimiser's kernel that updates each element of flat buffers by itself. */
export interface FlatStep {
  readonly kernel: string;
  /** f32 [n], n a multiple of 64: parameters are updated in place, gradients are read. */
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  /** f32, updated in place: as long as the parameters, or with `tensors` as long as these together. */
  readonly states: readonly Tensor[];
  /** Read whole by every workgroup: the metrics first. */
  readonly values: readonly Tensor[];
  /** Some tensors of the flat buffers, with rates of their own. */
  readonly tensors: FlatTensors | undefined;
  /** Floating-point operations for an element. */
  readonly operations: number;
}

export interface FlatTensors {
  /** `first` in elements of the states, which have only these tensors. */
  readonly records: readonly TensorRecord[];
  /** The records, as `tensorTable` writes them. */
  readonly table: Tensor;
}

/**
 * The dispatches of such a kernel: its bindings are parameters, gradients, states, values and, with the constant TENSORS, the
 * table; its words are the first element of the states and of the flat buffer, the first record and the records.
 */
export function flatDispatches(step: FlatStep, limits: Limits): Dispatch[] {
  const { kernel, parameters, gradients, states, values, tensors, operations } = step;
  const most = limits.maxComputeWorkgroupsPerDimension;
  if (!tensors) {
    return bufferRanges(elements(parameters.shape, 1) * 4, limits).map((range) => ({
      kernel,
      bindings: [
        bindRange(parameters, 'update', range),
        bindRange(gradients, 'read', range),
        ...states.map((state) => bindRange(state, 'update', range)),
        ...values.map(read),
      ],
      workgroups: () => spread(Math.ceil(range.size / WORKGROUP_BYTES), most),
      flops: () => (range.size / 4) * operations,
    }));
  }
  return recordRanges(tensors.records, limits).map((range) => {
    const first = range.records[0]?.first ?? 0;
    const count = range.records.reduce((sum, record) => sum + record.count, 0);
    const flat = { offset: range.begin * 4, size: (range.end - range.begin) * 4 };
    const own = { offset: first * 4, size: count * 4 };
    return {
      kernel,
      constants: { TENSORS: true },
      bindings: [
        { ...update(parameters), ...flat },
        { ...read(gradients), ...flat },
        ...states.map((state) => ({ ...update(state), ...own })),
        ...values.map(read),
        read(tensors.table),
      ],
      words: [first, range.begin, range.firstRecord, range.records.length],
      workgroups: () => spread(Math.ceil((count * 4) / WORKGROUP_BYTES), most),
      flops: () => count * operations,
    };
  });
}
