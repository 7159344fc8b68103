import { lossSum } from '../../src/ops/loss_sum';
import { combine, describe, normal, type OpCase } from './case';

interface Parameters {
  readonly rows: number;
  readonly accumulate: boolean;
  /** A loss that is not finite. */
  readonly spoilt?: number;
  /** The flag that an earlier micro-batch left. */
  readonly flag?: number;
}

function lossSumCase(parameters: Parameters): OpCase {
  const { rows, accumulate, spoilt, flag = 0 } = parameters;
  const lossScale = 2 ** -5;
  const losses = normal('losses', rows, 3).map(Math.abs);
  if (spoilt !== undefined) losses[rows - 1] = spoilt;
  return {
    op: 'loss_sum',
    name: describe({ ...parameters }),
    rows,
    run: { accumulate, lossScale },
    inputs: {
      losses: { type: 'f32', shape: ['rows'], data: losses },
      metrics: { type: 'f32', shape: [4], data: Float32Array.of(7, 8, flag, 9) },
    },
    build(builder, { losses, metrics }) {
      lossSum(builder, { losses: losses!, metrics: metrics! });
      return { metrics: metrics! };
    },
    reference: {
      forward({ losses, metrics }) {
        const sum = losses!.reduce((total, value) => total + value, 0);
        const broken = !Number.isFinite(sum) || (accumulate && flag !== 0);
        const before = accumulate ? metrics![0]! : 0;
        return { metrics: Float64Array.of(before + lossScale * sum, 8, Number(broken), 9) };
      },
    },
    // Only the first is computed: each thread adds up rows / 256 losses, which are positive, then 8 levels of a tree.
    tolerance: { metrics: { factor: 10 + rows / 256, magnitudes: Float64Array.of(7 + rows, 0, 0, 0) } },
  };
}

/** A metric: its flag is added to that of the losses, which are summed before. */
function measureCase(parameters: {
  readonly rows: number;
  readonly accumulate: boolean;
  readonly flag: number;
}): OpCase {
  const { rows, accumulate, flag } = parameters;
  const whole = lossSumCase({ ...parameters, rows });
  return {
    ...whole,
    name: `place=5 ${describe(parameters)}`,
    inputs: {
      ...whole.inputs,
      metrics: { type: 'f32', shape: [8], data: Float32Array.of(1, 2, flag, 3, 4, 7, 5, 6) },
    },
    build(builder, { losses, metrics }) {
      lossSum(builder, { losses: losses!, metrics: metrics! }, 5);
      return { metrics: metrics! };
    },
    reference: {
      forward({ losses }) {
        const sum = losses!.reduce((total, value) => total + value, 0);
        return { metrics: Float64Array.of(1, 2, flag, 3, 4, (accumulate ? 7 : 0) + 2 ** -5 * sum, 5, 6) };
      },
    },
    tolerance: {
      metrics: { factor: 10 + rows / 256, magnitudes: Float64Array.of(0, 0, 0, 0, 0, 7 + rows, 0, 0) },
    },
  };
}

export const cases: readonly OpCase[] = [
  ...combine({ rows: [300], accumulate: [false, true], flag: [0, 1] }).map(measureCase),
  ...combine({ rows: [1, 200, 1000], accumulate: [false, true] }).map(lossSumCase),
  ...combine({ rows: [1, 300], accumulate: [false, true], spoilt: [NaN, Infinity, -Infinity] }).map(
    lossSumCase,
  ),
  ...combine({ rows: [3], accumulate: [false, true], flag: [1] }).map(lossSumCase),
];
