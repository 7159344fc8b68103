import { add } from '../../src/ops/add';
import { addRmsNorm, rmsNorm } from '../../src/ops/rms_norm';
import { combine, describe, normal, type Arrays, type CaseInput, type OpCase } from './case';

interface Parameters {
  readonly rows: number;
  readonly columns: number;
  readonly groups?: number;
  /** Whether the weight is trained too. */
  readonly trainable?: boolean;
  readonly scale?: number;
  readonly eps?: number;
  readonly limits?: OpCase['limits'];
}

interface Norm {
  readonly y: Float64Array;
  readonly invRms: Float64Array;
}

function norm(x: Float64Array, weight: Float64Array, eps: number): Norm {
  const columns = weight.length;
  const invRms = new Float64Array(x.length / columns).map((_, group) => {
    const part = x.subarray(group * columns, (group + 1) * columns);
    return 1 / Math.sqrt(part.reduce((sum, value) => sum + value * value, 0) / columns + eps);
  });
  return { y: x.map((value, i) => value * invRms[Math.floor(i / columns)]! * weight[i % columns]!), invRms };
}

/** With x̂ = x · inv_rms and d = dy ⊙ weight: dx = inv_rms · (d - x̂ · mean(d · x̂)), dweight = Σ dy · x̂. */
function normGradient(
  dy: Float64Array,
  x: Float64Array,
  weight: Float64Array,
  eps: number,
): { dx: Float64Array; dweight: Float64Array } {
  const columns = weight.length;
  const { invRms } = norm(x, weight, eps);
  const means = invRms.map((scale, group) => {
    let sum = 0;
    for (let c = 0; c < columns; c++) {
      const i = group * columns + c;
      sum += dy[i]! * weight[c]! * x[i]! * scale;
    }
    return sum / columns;
  });
  const dweight = new Float64Array(columns);
  const dx = x.map((value, i) => {
    const group = Math.floor(i / columns);
    const scale = invRms[group]!;
    dweight[i % columns]! += dy[i]! * value * scale;
    return scale * (dy[i]! * weight[i % columns]! - value * scale * means[group]!);
  });
  return { dx, dweight };
}

/** A sum of `count` values in a tree is off by some epsilons for its depth, and as a square root by half of that. */
const depth = (count: number): number => 8 + Math.ceil(count / 64);

function weightInput(columns: number, trainable: boolean): CaseInput {
  const data = normal('weight', columns).map((value) => 1 + value / 4);
  return { type: 'f32', shape: [columns], data, wanted: trainable, parameter: trainable };
}

function rmsNormCase({ limits, ...parameters }: Parameters): OpCase {
  const { rows, columns, groups = 1, trainable = false, scale = 1, eps = 1e-6 } = parameters;
  const x = normal('x', rows * groups * columns, scale);
  return {
    op: 'rms_norm',
    name: describe({ ...parameters, ...limits }),
    rows,
    limits,
    inputs: {
      x: {
        type: 'f32',
        shape: ['rows', groups * columns],
        data: x,
        wanted: true,
      },
      weight: weightInput(columns, trainable),
    },
    build: (builder, { x, weight }) => ({ y: rmsNorm(builder, { x: x!, weight: weight! }, { eps, groups }) }),
    reference: {
      forward: ({ x, weight }) => ({ y: norm(x!, weight!, eps).y }),
      backward({ x, weight }, { y: dy }) {
        const { dx, dweight } = normGradient(dy!, x!, weight!, eps);
        return { x: dx, weight: dweight };
      },
    },
    tolerance: {
      y: depth(columns),
      dx: dxTolerance(x, columns, eps),
      dweight: dweightTolerance(parameters),
    },
  };
}

/**
 * Both terms of dx are of the size of inv_rms · weight · dy, where dy is at most 4, and may cancel; a sum has a gradient of its own as
 * well.
 */
function dxTolerance(x: Float32Array, columns: number, eps: number, own = 0): OpCase['tolerance'][string] {
  const { invRms } = norm(Float64Array.from(x), new Float64Array(columns).fill(1), eps);
  const magnitudes = Float64Array.from(x, (_, i) => 4 * (own + invRms[Math.floor(i / columns)]!));
  return { factor: 2 * depth(columns), magnitudes };
}

/** The weight's gradient adds up rows · groups products of the size of 1, which may cancel. */
function dweightTolerance({ rows, columns, groups = 1 }: Parameters): OpCase['tolerance'][string] {
  return { factor: depth(columns) + rows * groups, magnitudes: new Float64Array(columns).fill(4) };
}

function addRmsNormCase({ limits, ...parameters }: Parameters): OpCase {
  const { rows, columns, trainable = false, scale = 1, eps = 1e-5 } = parameters;
  const input = (name: string): CaseInput => ({
    type: 'f32',
    shape: ['rows', columns],
    data: normal(name, rows * columns, scale),
    wanted: true,
  });
  const inputs = { x: input('x'), delta: input('delta'), weight: weightInput(columns, trainable) };
  const sum = Float32Array.from(inputs.x.data, (value, i) => value + inputs.delta.data[i]!);
  const sumOf = ({ x, delta }: Arrays): Float64Array => x!.map((value, i) => value + delta![i]!);
  return {
    op: 'add_rms_norm',
    name: describe({ ...parameters, ...limits }),
    rows,
    limits,
    inputs,
    build(builder, { x, delta, weight }) {
      const { y, sum } = addRmsNorm(builder, { x: x!, delta: delta!, weight: weight! }, { eps });
      return { y, sum };
    },
    reference: {
      forward(values) {
        const sum = sumOf(values);
        return { sum, y: norm(sum, values['weight']!, eps).y };
      },
      backward(values, { y: dy, sum: dsum }) {
        const { dx, dweight } = normGradient(dy!, sumOf(values), values['weight']!, eps);
        const total = dx.map((value, i) => value + dsum![i]!);
        return { x: total, delta: total, weight: dweight };
      },
    },
    tolerance: {
      sum: 1,
      y: depth(columns),
      dx: dxTolerance(sum, columns, eps, 1),
      ddelta: dxTolerance(sum, columns, eps, 1),
      dweight: dweightTolerance(parameters),
    },
  };
}

/** As in a block: x goes into the norm and past it, and the norm adds to the gradient of the way past. */
const residual: OpCase = {
  ...rmsNormCase({ rows: 5, columns: 20 }),
  name: 'x used once more',
  build(builder, { x, weight }) {
    const y = rmsNorm(builder, { x: x!, weight: weight! }, { eps: 1e-6 });
    return { y, sum: add(builder, x!, y) };
  },
  reference: {
    forward({ x, weight }) {
      const { y } = norm(x!, weight!, 1e-6);
      return { y, sum: y.map((value, i) => value + x![i]!) };
    },
    backward({ x, weight }, { y: dy, sum: dsum }) {
      const total = dy!.map((value, i) => value + dsum![i]!);
      const { dx } = normGradient(total, x!, weight!, 1e-6);
      return { x: dx.map((value, i) => value + dsum![i]!) };
    },
  },
  tolerance: { y: depth(20), sum: depth(20), dx: 4 * depth(20) },
};

const limits = { maxComputeWorkgroupsPerDimension: 3 };

export const cases: readonly OpCase[] = [
  residual,
  ...combine({ rows: [1, 5], columns: [1, 3, 4, 20, 64, 300, 1027] }).map(rmsNormCase),
  ...combine({ rows: [1, 7], columns: [6, 8, 128], groups: [3, 16], trainable: [true] }).map(rmsNormCase),
  rmsNormCase({ rows: 40, columns: 64, trainable: true }),
  // eps rules where x is tiny; large values square to nearly the largest f32.
  rmsNormCase({ rows: 3, columns: 36, scale: 1e-7 }),
  rmsNormCase({ rows: 3, columns: 36, scale: 1e17 }),
  rmsNormCase({ rows: 70, columns: 32, groups: 2, limits }),
  ...combine({ rows: [1, 5], columns: [5, 20, 256], trainable: [false, true] }).map(addRmsNormCase),
  addRmsNormCase({ rows: 200, columns: 64, limits }),
  // As on a graphics card: a group is shared by more threads than software adapters give it.
  ...combine({ columns: [20, 300] }).map(({ columns }) =>
    rmsNormCase({ rows: 5, columns, limits: { software: false } }),
  ),
  addRmsNormCase({ rows: 5, columns: 256, trainable: true, limits: { software: false } }),
];
