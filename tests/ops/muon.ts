import { alignUp } from '../../src/core/align';
import { muon } from '../../src/ops/muon';
import { tensorTable } from '../../src/ops/tensor_table';
import { describe, normal, type CaseInput, type OpCase } from './case';

interface Parameters {
  readonly shape: readonly [number, number];
  readonly matrices: number;
  readonly weightDecay?: number;
  readonly clip?: number;
  readonly flag?: number;
  readonly scale?: number;
  readonly limits?: OpCase['limits'];
}

const learningRate = 1e-2;

type Matrix = readonly (readonly number[])[];

const transposed = (matrix: Matrix): number[][] => matrix[0]!.map((_, c) => matrix.map((row) => row[c]!));
const product = (a: Matrix, b: Matrix): number[][] => {
  const columns = transposed(b);
  return a.map((row) => columns.map((column) => row.reduce((sum, value, k) => sum + value * column[k]!, 0)));
};

/** Five rounds of Newton and Schulz. */
function orthogonal(matrix: Matrix): Matrix {
  const tall = matrix.length > matrix[0]!.length;
  const norm = Math.max(1e-7, Math.sqrt(matrix.flat().reduce((sum, value) => sum + value * value, 0)));
  let x = (tall ? transposed(matrix) : matrix).map((row) => row.map((value) => value / norm));
  for (let round = 0; round < 5; round++) {
    const gram = product(x, transposed(x));
    const squared = product(gram, gram);
    const polynomial = gram.map((row, r) => row.map((value, c) => -4.775 * value + 2.0315 * squared[r]![c]!));
    const moved = product(polynomial, x);
    x = x.map((row, r) => row.map((value, c) => 3.4445 * value + moved[r]![c]!));
  }
  return tall ? transposed(x) : x;
}

function muonCase({ limits, ...parameters }: Parameters): OpCase {
  const { shape, matrices, weightDecay = 0, clip = 1, flag = 0, scale = 1 } = parameters;
  const [rows, columns] = shape;
  const count = rows * columns;
  const stride = alignUp(count, 64);
  // A tensor of another kind lies before each of them.
  const records = Array.from({ length: matrices }, (_, index) => ({
    ...{ first: index * stride, offset: 64 + index * (stride + 64), count, columns, stride: columns },
    rate: index % 2 === 0 ? 1 : 0.5,
    scale: 1.5,
  }));
  const size = matrices * (stride + 64);
  const values = normal('parameters', size);
  const table = tensorTable(records);
  const flat = (data: Float32Array): CaseInput => ({ type: 'f32', shape: [data.length], data });
  return {
    op: 'muon',
    name: describe({ ...parameters, shape: shape.join('×'), ...limits }),
    rows: 1,
    run: { learningRate, weightDecay },
    limits,
    inputs: {
      parameters: flat(values),
      gradients: flat(normal('gradients', size, scale)),
      momentum: flat(normal('momentum', matrices * stride, 0.1 * scale)),
      metrics: flat(Float32Array.of(1, 2, flag, clip)),
      table: { type: 'u32', shape: [table.length], data: table },
    },
    build(builder, { parameters: p, gradients: g, momentum, metrics, table: words }) {
      const state = { parameters: p!, momentum: momentum! };
      const inputs = { ...state, gradients: g!, metrics: metrics!, table: words! };
      muon(builder, inputs, { rows, columns, records, firstRecord: 0 });
      return state;
    },
    reference: {
      forward({ parameters: p, gradients: g, momentum: m }) {
        const state = { parameters: p!.slice(), momentum: m!.slice() };
        if (flag !== 0) return state;
        for (const { first, offset, rate, scale: factor } of records) {
          const at = (r: number, c: number): number => r * columns + c;
          const directions = Array.from({ length: rows }, (_, r) =>
            Array.from({ length: columns }, (__, c) => {
              const gradient = clip * g![offset + at(r, c)]!;
              const kept = 0.95 * m![first + at(r, c)]! + 0.05 * gradient;
              state.momentum[first + at(r, c)] = kept;
              return 0.95 * kept + 0.05 * gradient;
            }),
          );
          const lr = learningRate * rate;
          for (const [r, row] of orthogonal(directions).entries()) {
            for (const [c, value] of row.entries()) {
              const place = offset + at(r, c);
              state.parameters[place] = p![place]! * (1 - lr * weightDecay) - lr * factor * value;
            }
          }
        }
        return state;
      },
    },
    tolerance: {
      // Five rounds each let an error of a sum of up to n terms grow up to about fourfold (3.4445), of a direction of about 1.
      parameters: {
        factor: 4,
        magnitudes: Float64Array.from(values, (value) => Math.abs(value) + learningRate * 1.5 * 64),
      },
      momentum: { factor: 4, magnitudes: new Float64Array(matrices * stride).fill(5 * scale) },
    },
  };
}

export const cases: readonly OpCase[] = [
  muonCase({ shape: [8, 100], matrices: 3 }),
  muonCase({ shape: [70, 3], matrices: 2, weightDecay: 0.1, clip: 0.25 }),
  muonCase({ shape: [66, 67], matrices: 2, weightDecay: 0.1 }),
  muonCase({ shape: [4, 16], matrices: 1, flag: 1 }),
  muonCase({ shape: [4, 16], matrices: 1, scale: 0 }),
  muonCase({ shape: [8, 100], matrices: 3, limits: { maxStorageBufferBindingSize: 8192 } }),
];
