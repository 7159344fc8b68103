import {
  defineOp,
  elements,
  f32,
  read,
  spread,
  update,
  type Builder,
  type Dispatch,
  type Tensor,
} from './op';
import { recordRanges, tensorTable, type TensorRecord } from './tensor_table';

/** f32 [n] lie in the flat buffers, whose tensors the table tells. */
export interface AdafactorInputs {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  /** f32, the second moments of each tensor's rows, and of its columns, one tensor after the other. */
  readonly rows: Tensor;
  readonly columns: Tensor;
  /** f32 [4], as `lossSum` and `gradientNorm` leave it. */
  readonly metrics: Tensor;
  /** As `adafactorTable` writes it. */
  readonly table: Tensor;
}

/** The tensors of a step, with `first` counted in rows, in columns and in elements. */
export interface AdafactorRecords {
  readonly rows: readonly TensorRecord[];
  readonly columns: readonly TensorRecord[];
  readonly elements: readonly TensorRecord[];
}

const heightOf = ({ count, columns }: TensorRecord): number => count / columns;

/** @param tensors whose `first` doesn't count; a vector is a matrix of one row */
export function adafactorRecords(tensors: readonly TensorRecord[]): AdafactorRecords {
  const counted = (size: (tensor: TensorRecord) => number): TensorRecord[] => {
    let first = 0;
    return tensors.map((tensor) => {
      const record = { ...tensor, first };
      first += size(tensor);
      return record;
    });
  };
  return {
    rows: counted(heightOf),
    columns: counted(({ columns }) => columns),
    elements: counted(({ count }) => count),
  };
}

export function adafactorTable({ rows, columns, elements }: AdafactorRecords): Uint32Array<ArrayBuffer> {
  return tensorTable([...rows, ...columns, ...elements]);
}

const definition = defineOp<
  AdafactorInputs & Record<string, Tensor>,
  Record<string, never>,
  AdafactorRecords
>({
  name: 'adafactor',
  lower({ inputs, attributes: records }, lowering) {
    const { limits } = lowering;
    const { parameters, gradients, rows, columns, metrics, table } = inputs;
    const size = elements(parameters.shape, 1);
    const tensors = records.elements.length;
    const factors = lowering.temporary('adafactor.factors', f32(tensors, 2));
    const most = limits.maxComputeWorkgroupsPerDimension;
    // On software adapters barriers are slow, and slower with more threads.
    const threads = limits.software ? 4 : 64;
    return recordRanges(records.elements, limits).flatMap((range): Dispatch[] => {
      const { begin, firstRecord: first } = range;
      const count = range.records.length;
      const flat = { offset: begin * 4, size: (Math.min(range.end, size) - begin) * 4 };
      const own = { ...read(gradients), ...flat };
      const sum = (of: (record: TensorRecord) => number): number =>
        range.records.reduce((total, record) => total + of(record), 0);
      const [height, width, all] = [sum(heightOf), sum((each) => each.columns), sum((each) => each.count)];
      const wordsFor = (section: readonly TensorRecord[], before: number): number[] => [
        section[first]?.first ?? 0,
        begin,
        before + first,
        count,
      ];
      return [
        {
          kernel: 'adafactor_rows',
          overrides: { units: height, threads },
          bindings: [own, update(rows), read(metrics), read(table)],
          words: wordsFor(records.rows, 0),
          workgroups: () => spread(height, most),
          flops: () => all * 4,
        },
        {
          kernel: 'adafactor_columns',
          overrides: { units: width },
          bindings: [own, update(columns), read(metrics), read(table)],
          words: wordsFor(records.columns, tensors),
          workgroups: () => spread(Math.ceil(width / 64), most),
          flops: () => all * 4,
        },
        {
          kernel: 'adafactor_factors',
          overrides: { threads: limits.software ? 4 : 256 },
          bindings: [own, read(rows), read(columns), update(factors), read(metrics), read(table)],
          words: [tensors, begin, first, count],
          workgroups: () => spread(count, most),
          flops: () => all * 16,
        },
        {
          kernel: 'adafactor',
          overrides: { units: all, tensors },
          bindings: [
            { ...update(parameters), ...flat },
            own,
            read(rows),
            read(columns),
            read(factors),
            read(metrics),
            read(table),
          ],
          words: [records.elements[first]?.first ?? 0, begin, first, count],
          workgroups: () => spread(Math.ceil(all / 256), most),
          flops: () => all * 16,
        },
      ];
    });
  },
});

/**
 * One step of Adafactor in place, as transformers' Adafactor with `scale_parameter` and `relative_step` off, with the settings
 * in `run`: `beta2` is the decay of this step. Gradients are multiplied by metrics[3] first; nothing is changed if metrics[2] is
 * not 0.
 */
export function adafactor(builder: Builder, inputs: AdafactorInputs, records: AdafactorRecords): void {
  builder.apply(definition, { ...inputs }, {}, records);
}
