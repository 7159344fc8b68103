import { alignUp } from '../../src/core/align';
import { adafactor, adafactorRecords, adafactorTable } from '../../src/ops/adafactor';
import { describe, normal, type CaseInput, type OpCase } from './case';

interface Parameters {
  readonly step: number;
  readonly weightDecay?: number;
  readonly clip?: number;
  readonly flag?: number;
  /** The size of the gradients. */
  readonly scale?: number;
  readonly limits?: OpCase['limits'];
}

/** [rows, columns, stride]; the last is a vector. */
const TENSORS = [
  [3, 100, 100],
  [90, 3, 4],
  [70, 65, 68],
  [1, 77, 77],
] as const;
const learningRate = 1e-3;
const RATES = [1, 16, 1, 0.5];

function adafactorCase({ limits, ...parameters }: Parameters): OpCase {
  const { step, weightDecay = 0, clip = 1, flag = 0, scale = 1 } = parameters;
  let size = 0;
  const tensors = TENSORS.map(([height, columns, stride], index) => {
    const tensor = {
      first: 0,
      offset: size,
      count: height * columns,
      columns,
      stride,
      rate: RATES[index] ?? 1,
    };
    size += alignUp(height * stride, 64);
    return tensor;
  });
  const records = adafactorRecords(tensors);
  const height = TENSORS.reduce((sum, [rows]) => sum + rows, 0);
  const width = TENSORS.reduce((sum, [, columns]) => sum + columns, 0);
  const began = step > 1 ? scale * clip : 0;
  const oneMinusBeta2 = step ** -0.8;
  const squares = (name: string, count: number) => normal(name, count, began).map((value) => value * value);
  const values = normal('parameters', size);
  const gradients = normal('gradients', size, scale);
  const vector = (data: Float32Array): CaseInput => ({ type: 'f32', shape: [data.length], data });
  const table = adafactorTable(records);
  return {
    op: 'adafactor',
    name: describe({ ...parameters, ...limits }),
    rows: 1,
    run: { learningRate, weightDecay, beta2: 1 - oneMinusBeta2, oneMinusBeta2 },
    limits,
    inputs: {
      parameters: vector(values),
      gradients: vector(gradients),
      rows: vector(squares('rows', height)),
      columns: vector(squares('columns', width)),
      metrics: vector(Float32Array.of(1, 2, flag, clip)),
      table: { type: 'u32', shape: [table.length], data: table },
    },
    build(builder, { parameters: p, gradients: g, rows, columns, metrics, table: words }) {
      const state = { parameters: p!, rows: rows!, columns: columns! };
      adafactor(builder, { ...state, gradients: g!, metrics: metrics!, table: words! }, records);
      return state;
    },
    reference: {
      forward({ parameters: p, gradients: g, rows, columns }) {
        const state = { parameters: p!.slice(), rows: rows!.slice(), columns: columns!.slice() };
        if (flag !== 0) return state;
        for (const [index, { offset, count, columns: n, stride, rate }] of tensors.entries()) {
          const m = count / n;
          const at = (r: number, c: number): number => offset + r * stride + c;
          const firstRow = records.rows[index]!.first;
          const firstColumn = records.columns[index]!.first;
          const mean = (length: number, of: (i: number) => number): number =>
            Array.from({ length }, (_, i) => of(i)).reduce((a, b) => a + b, 0) / length;
          const square = (r: number, c: number): number => (clip * g![at(r, c)]!) ** 2 + 1e-30;
          for (let r = 0; r < m; r++) {
            const own = mean(n, (c) => square(r, c));
            state.rows[firstRow + r] = (1 - oneMinusBeta2) * state.rows[firstRow + r]! + oneMinusBeta2 * own;
          }
          for (let c = 0; c < n; c++) {
            const own = mean(m, (r) => square(r, c));
            const place = firstColumn + c;
            state.columns[place] = (1 - oneMinusBeta2) * state.columns[place]! + oneMinusBeta2 * own;
          }
          const meanRow = mean(m, (r) => state.rows[firstRow + r]!);
          const updateAt = (r: number, c: number): number =>
            (clip * g![at(r, c)]!) /
            Math.sqrt(state.rows[firstRow + r]! / meanRow) /
            Math.sqrt(state.columns[firstColumn + c]!);
          const root = Math.sqrt(mean(count, (e) => updateAt(Math.floor(e / n), e % n) ** 2));
          const lr = learningRate * rate;
          for (let e = 0; e < count; e++) {
            const [r, c] = [Math.floor(e / n), e % n];
            const place = at(r, c);
            state.parameters[place] =
              p![place]! * (1 - lr * weightDecay) - (lr * updateAt(r, c)) / Math.max(1, root);
          }
        }
        return state;
      },
    },
    // A step is at most some learning rates long. Sums of up to 100 squares are added up in order: their roundings grow with the
    // root of the length.
    tolerance: {
      parameters: {
        factor: 4,
        magnitudes: Float64Array.from(values, (value) => Math.abs(value) + 10 * 16 * learningRate),
      },
      rows: 16,
      columns: 16,
    },
  };
}

export const cases: readonly OpCase[] = [
  adafactorCase({ step: 1 }),
  adafactorCase({ step: 7, weightDecay: 0.1, clip: 0.25 }),
  adafactorCase({ step: 7, flag: 1 }),
  adafactorCase({ step: 1, scale: 0 }),
  adafactorCase({ step: 5, scale: 1e-9 }),
  adafactorCase({
    step: 3,
    limits: { maxStorageBufferBindingSize: 24_576, maxComputeWorkgroupsPerDimension: 30 },
  }),
];
