import { adamScalars } from '../../src/models/optimizers/adamw';
import { lion } from '../../src/ops/lion';
import { tensorTable } from '../../src/ops/tensor_table';
import { describe, normal, type CaseInput, type OpCase } from './case';

interface Parameters {
  readonly count: number;
  readonly step: number;
  readonly weightDecay: number;
  readonly clip?: number;
  readonly flag?: number;
  readonly limits?: OpCase['limits'];
}

const [beta1, beta2] = [0.9, 0.99];
const learningRate = 1e-3;
const scalarsOf = (weight_decay: number, step: number) =>
  adamScalars(
    { adam_beta1: beta1, adam_beta2: beta2, adam_epsilon: 1e-8, weight_decay },
    { learningRate, step },
  );

function lionCase({ limits, ...parameters }: Parameters): OpCase {
  const { count, step, weightDecay, clip = 1, flag = 0 } = parameters;
  const flat = (data: Float32Array): CaseInput => ({ type: 'f32', shape: [count], data });
  const gradients = normal('gradients', count);
  const moment1 = normal('moment1', count, step > 1 ? clip : 0);
  const values = normal('parameters', count);
  // As in padding: the step must not change it.
  for (const each of [gradients, moment1, values]) each[0] = 0;
  // No sign may depend on how a sum near 0 is rounded.
  gradients.forEach((g, i) => {
    if (i > 0 && Math.abs(beta1 * moment1[i]! + (1 - beta1) * clip * g) < 1e-4)
      gradients[i] = g + 0.01 / clip;
  });
  return {
    op: 'lion',
    name: describe({ ...parameters, ...limits }),
    rows: 1,
    run: scalarsOf(weightDecay, step),
    limits,
    inputs: {
      parameters: flat(values),
      gradients: flat(gradients),
      moment1: flat(moment1),
      metrics: { type: 'f32', shape: [4], data: Float32Array.of(1, 2, flag, clip) },
    },
    build(builder, { parameters: p, gradients: g, moment1: m, metrics }) {
      lion(builder, { parameters: p!, gradients: g!, moment1: m!, metrics: metrics! });
      return { parameters: p!, moment1: m! };
    },
    reference: {
      forward: ({ parameters: p, gradients: g, moment1: m }) =>
        flag === 0
          ? stepOf(p!, g!, m!, { clip, weightDecay, rate: () => 1 })
          : { parameters: p!, moment1: m! },
    },
    // A handful of roundings each; the two terms of m may cancel.
    tolerance: {
      parameters: {
        factor: 4,
        magnitudes: Float64Array.from(values, (value) => Math.abs(value) + learningRate),
      },
      moment1: {
        factor: 4,
        magnitudes: Float64Array.from(gradients, (g, i) => Math.abs(0.01 * clip * g) + Math.abs(moment1[i]!)),
      },
    },
  };
}

function stepOf(
  p: Float64Array,
  g: Float64Array,
  m: Float64Array,
  { clip, weightDecay, rate }: { clip: number; weightDecay: number; rate: (i: number) => number },
): { parameters: Float64Array; moment1: Float64Array } {
  return {
    parameters: p.map((value, i) => {
      const lr = learningRate * rate(i);
      return value * (1 - lr * weightDecay) - lr * Math.sign(beta1 * m[i]! + (1 - beta1) * clip * g[i]!);
    }),
    moment1: m.map((value, i) => beta2 * value + (1 - beta2) * clip * g[i]!),
  };
}

/** Two tensors of three, at rates of their own; the other one stays as it is. */
function tensorsCase(): OpCase {
  const whole = lionCase({ count: 320, step: 3, weightDecay: 0.1 });
  const records = [
    { first: 0, offset: 64, count: 128, columns: 128, stride: 128, rate: 0.5 },
    { first: 128, offset: 256, count: 64, columns: 64, stride: 64, rate: 4 },
  ];
  const places = records.flatMap(({ offset, count }) => Array.from({ length: count }, (_, i) => offset + i));
  const own = (values: ArrayLike<number>): Float64Array => Float64Array.from(places, (at) => values[at]!);
  const { data } = whole.inputs['moment1']!;
  return {
    ...whole,
    name: `some tensors, ${whole.name}`,
    inputs: {
      ...whole.inputs,
      moment1: { type: 'f32', shape: [192], data: Float32Array.from(own(data)) },
      table: { type: 'u32', shape: [16], data: tensorTable(records) },
    },
    build(builder, { parameters: p, gradients: g, moment1: m, metrics, table }) {
      const inputs = { parameters: p!, gradients: g!, moment1: m!, metrics: metrics! };
      lion(builder, inputs, { records, table: table! });
      return { parameters: p!, moment1: m! };
    },
    reference: {
      forward({ parameters: p, gradients: g, moment1: m }) {
        const moved = stepOf(own(p!), own(g!), m!, {
          clip: 1,
          weightDecay: 0.1,
          rate: (i) => (i < 128 ? 0.5 : 4),
        });
        const result = p!.slice();
        places.forEach((at, i) => (result[at] = moved.parameters[i]!));
        return { parameters: result, moment1: moved.moment1 };
      },
    },
    tolerance: {
      parameters: { factor: 4, magnitudes: new Float64Array(320).fill(5) },
      moment1: { factor: 4, magnitudes: new Float64Array(192).fill(5) },
    },
  };
}

export const cases: readonly OpCase[] = [
  lionCase({ count: 4096 + 64, step: 1, weightDecay: 0 }),
  lionCase({ count: 4096 + 64, step: 5, weightDecay: 0.1, clip: 0.25 }),
  lionCase({ count: 64, step: 5, weightDecay: 0.1, flag: 1 }),
  lionCase({ count: 2048, step: 2, weightDecay: 0.1, limits: { maxStorageBufferBindingSize: 4096 } }),
  tensorsCase(),
];
