import type { ShaderConstants } from '../gpu/shaders';
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
import { recordRanges, type TensorRecord } from './tensor_table';

export interface MuonInputs {
  /** f32 [n], the flat buffers. */
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  /** f32, the matrices one after the other. */
  readonly momentum: Tensor;
  /** f32 [4], as `lossSum` and `gradientNorm` leave it. */
  readonly metrics: Tensor;
  /** The records of all matrices, as `tensorTable` writes them. */
  readonly table: Tensor;
}

/** Matrices of one shape. */
export interface MuonMatrices {
  readonly rows: number;
  readonly columns: number;
  /** Ascending by `offset` and by `first`, the element of the momentum; `count` is rows × columns. */
  readonly records: readonly TensorRecord[];
  /** The number of records before them in the table. */
  readonly firstRecord: number;
}

/** How often the iteration of Newton and Schulz runs, as in torch.optim.Muon. */
const ROUNDS = 5;

const definition = defineOp<MuonInputs & Record<string, Tensor>, Record<string, never>, MuonMatrices>({
  name: 'muon',
  lower({ inputs, attributes }, lowering) {
    const { limits } = lowering;
    return recordRanges(attributes.records, limits).flatMap((range): Dispatch[] => {
      const { parameters, gradients, momentum, metrics, table } = inputs;
      const matrices = range.records.length;
      const m = Math.min(attributes.rows, attributes.columns);
      const n = Math.max(attributes.rows, attributes.columns);
      const size = m * n;
      const directions = [0, 1].map((index) => lowering.temporary(`muon.x${index}`, f32(matrices, m, n)));
      const gram = lowering.temporary('muon.gram', f32(matrices, m, m));
      const polynomial = lowering.temporary('muon.polynomial', f32(matrices, m, m));
      const first = range.records[0]?.first ?? 0;
      const last = range.records.at(-1)?.first ?? 0;
      const end = Math.min(range.end, elements(parameters.shape, 1));
      const flat = { offset: range.begin * 4, size: (end - range.begin) * 4 };
      const own = { offset: first * 4, size: (last - first + size) * 4 };
      const words = [first, range.begin, attributes.firstRecord + range.firstRecord, matrices];
      const constants = { TALL: attributes.rows > attributes.columns };
      const across = (): [number, number, number] => {
        const [x, y] = spread(Math.ceil(size / 256), limits.maxComputeWorkgroupsPerDimension);
        return [x, y, matrices];
      };
      const square = { rows: m, columns: m, matrices };
      const rounds = Array.from({ length: ROUNDS }, (_, round) => {
        const [x, next] = round % 2 === 0 ? directions : directions.toReversed();
        return [
          product({ TRANSPOSED: true }, { ...square, inner: n }, { a: x!, b: x!, c: gram }),
          // A Gram matrix is its own transpose.
          product(
            { TRANSPOSED: true, ADDED: true },
            { ...square, inner: m },
            { a: gram, b: gram, c: polynomial, d: gram },
          ),
          product(
            { ADDED: true },
            { rows: m, columns: n, matrices, inner: m },
            { a: polynomial, b: x!, c: next!, d: x! },
          ),
        ];
      }).flat();
      const result = directions[ROUNDS % 2]!;
      return [
        {
          kernel: 'muon_momentum',
          constants,
          bindings: [
            { ...read(gradients), ...flat },
            { ...update(momentum), ...own },
            update(directions[0]!),
            read(metrics),
            read(table),
          ],
          words,
          workgroups: across,
          flops: () => matrices * size * 8,
        },
        {
          kernel: 'muon_normalize',
          overrides: { threads: limits.software ? 4 : 256 },
          words: [size],
          bindings: [update(directions[0]!)],
          workgroups: () => [1, 1, matrices],
          flops: () => matrices * size * 4,
        },
        ...rounds,
        {
          kernel: 'muon_apply',
          constants,
          bindings: [{ ...update(parameters), ...flat }, read(result), read(metrics), read(table)],
          words,
          workgroups: across,
          flops: () => matrices * size * 4,
        },
      ];
    });
  },
});

interface ProductSize {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly matrices: number;
}

/** A product of an iteration; shaders/muon_product.wgsl says what the constants mean. */
function product(
  constants: ShaderConstants,
  { matrices, rows, columns, inner }: ProductSize,
  { a, b, c, d }: { readonly a: Tensor; readonly b: Tensor; readonly c: Tensor; readonly d?: Tensor },
): Dispatch {
  return {
    kernel: 'muon_product',
    constants,
    bindings: [read(a), read(b), update(c), ...(d ? [read(d)] : [])],
    words: [rows, columns, inner],
    workgroups: () => [Math.ceil(columns / 32), Math.ceil(rows / 32), matrices],
    flops: () => 2 * matrices * rows * columns * inner,
  };
}

/**
 * One step of Muon in place on matrices of one shape, as torch.optim.Muon with its defaults, with the settings in `run`; torch
 * makes the directions orthogonal in bfloat16, this op in f32. A record's `scale` is the factor of its rate. Gradients are
 * multiplied by metrics[3] first; nothing is changed if metrics[2] is not 0.
 */
export function muon(builder: Builder, inputs: MuonInputs, matrices: MuonMatrices): void {
  builder.apply(definition, { ...inputs }, {}, matrices);
}
