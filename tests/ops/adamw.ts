import { adamScalars } from '../../src/models/optimizers/adamw';
import { adamw } from '../../src/ops/adamw';
import { tensorTable } from '../../src/ops/tensor_table';
import { combine, describe, normal, type CaseInput, type OpCase } from './case';

interface Parameters {
  readonly count: number;
  readonly step: number;
  readonly weightDecay: number;
  readonly clip?: number;
  readonly flag?: number;
  /** The size of the gradients. */
  readonly scale?: number;
  readonly spoilt?: number;
  readonly limits?: OpCase['limits'];
}

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;
const learningRate = 1e-3;

function adamwCase({ limits, ...parameters }: Parameters): OpCase {
  const { count, step, weightDecay, clip = 1, flag = 0, scale = 1, spoilt } = parameters;
  const flat = (data: Float32Array): CaseInput => ({ type: 'f32', shape: [count], data });
  const gradients = normal('gradients', count, scale);
  // As in an unused parameter, and in padding: the step must not change it.
  gradients[0] = 0;
  if (spoilt !== undefined) gradients[count - 1] = spoilt;
  const began = step > 1 ? scale * clip : 0;
  const moment1 = normal('moment1', count, 0.1 * began);
  const moment2 = normal('moment2', count, 0.1 * began).map((value) => value * value);
  moment1[0] = 0;
  moment2[0] = 0;
  const values = normal('parameters', count);
  const settings = {
    adam_beta1: beta1,
    adam_beta2: beta2,
    adam_epsilon: epsilon,
    weight_decay: weightDecay,
  };
  const biasCorrection1 = 1 - beta1 ** step;
  const biasCorrection2 = 1 - beta2 ** step;
  return {
    op: 'adamw',
    name: describe({ ...parameters, ...limits }),
    rows: 1,
    run: adamScalars(settings, { learningRate, step }),
    limits,
    inputs: {
      parameters: flat(values),
      gradients: flat(gradients),
      moment1: flat(moment1),
      moment2: flat(moment2),
      metrics: { type: 'f32', shape: [4], data: Float32Array.of(1, 2, flag, clip) },
    },
    build(builder, { parameters, gradients, moment1, moment2, metrics }) {
      const state = { parameters: parameters!, moment1: moment1!, moment2: moment2! };
      adamw(builder, { ...state, gradients: gradients!, metrics: metrics! });
      return state;
    },
    reference: {
      forward({ parameters, gradients, moment1, moment2, metrics }) {
        if (flag !== 0) return { parameters: parameters!, moment1: moment1!, moment2: moment2! };
        const g = gradients!.map((value) => value * metrics![3]!);
        const m = moment1!.map((value, i) => beta1 * value + (1 - beta1) * g[i]!);
        const v = moment2!.map((value, i) => beta2 * value + (1 - beta2) * g[i]! ** 2);
        const p = parameters!.map((value, i) => {
          const root = Math.sqrt(v[i]!) / Math.sqrt(biasCorrection2) + epsilon;
          return value * (1 - learningRate * weightDecay) - ((learningRate / biasCorrection1) * m[i]!) / root;
        });
        return { parameters: p, moment1: m, moment2: v };
      },
    },
    // A handful of roundings each; m's two terms may cancel, and the step is at most some learning rates long.
    tolerance: {
      parameters: {
        factor: 4,
        magnitudes: Float64Array.from(values, (value) => Math.abs(value) + 10 * learningRate),
      },
      moment1: { factor: 4, magnitudes: momentSizes(gradients, moment1, clip) },
      moment2: 8,
    },
  };
}

const momentSizes = (gradients: Float32Array, moment1: Float32Array, clip: number): Float64Array =>
  Float64Array.from(gradients, (g, i) => Math.abs(0.1 * clip * g) + Math.abs(moment1[i]!));

/** Some tensors of the flat buffers, at rates of their own; the others stay as they are. */
function tensorsCase(parameters: { readonly limits?: OpCase['limits'] }): OpCase {
  const whole = adamwCase({ count: 832, step: 3, weightDecay: 0.1, ...parameters });
  const records = [
    { first: 0, offset: 64, count: 128, rate: 1 },
    { first: 128, offset: 320, count: 64, rate: 16 },
    { first: 192, offset: 448, count: 384, rate: 0.5 },
  ].map((record) => ({ ...record, columns: record.count, stride: record.count }));
  const count = 576;
  const places = records.flatMap(({ offset, count: length }) => Array.from({ length }, (_, i) => offset + i));
  const moment = (name: string): CaseInput => {
    const { data } = whole.inputs[name]!;
    return { type: 'f32', shape: [count], data: Float32Array.from(places, (place) => data[place]!) };
  };
  const rates = records.flatMap((record) => Array<number>(record.count).fill(record.rate));
  const spread = (values: Float64Array): Float64Array => {
    const all = new Float64Array(832);
    places.forEach((place, i) => (all[place] = values[i]!));
    return all;
  };
  return {
    ...whole,
    name: `some tensors, ${whole.name}`,
    inputs: {
      ...whole.inputs,
      moment1: moment('moment1'),
      moment2: moment('moment2'),
      table: { type: 'u32', shape: [24], data: tensorTable(records) },
    },
    build(builder, { parameters: p, gradients, moment1, moment2, metrics, table }) {
      const state = { parameters: p!, moment1: moment1!, moment2: moment2! };
      adamw(builder, { ...state, gradients: gradients!, metrics: metrics! }, { records, table: table! });
      return state;
    },
    reference: {
      forward(inputs) {
        const given = { ...inputs, moment1: spread(inputs['moment1']!), moment2: spread(inputs['moment2']!) };
        const { parameters: moved, moment1, moment2 } = whole.reference.forward(given);
        const result = inputs['parameters']!.slice();
        // A step is as long as its rate.
        places.forEach((place, i) => {
          result[place]! += rates[i]! * (moved![place]! - result[place]!);
        });
        const of = (values: Float64Array): Float64Array => Float64Array.from(places, (at) => values[at]!);
        return { parameters: result, moment1: of(moment1!), moment2: of(moment2!) };
      },
    },
    tolerance: {
      ...whole.tolerance,
      moment1: {
        factor: 4,
        magnitudes: new Float64Array(count).fill(4),
      },
    },
  };
}

export const cases: readonly OpCase[] = [
  tensorsCase({}),
  tensorsCase({ limits: { maxStorageBufferBindingSize: 2048 } }),
  ...combine({ count: [64, 2112], step: [1, 2, 1000], weightDecay: [0, 0.1] }).map(adamwCase),
  adamwCase({ count: 128, step: 10, weightDecay: 0.01, clip: 0.03125 }),
  adamwCase({ count: 128, step: 10, weightDecay: 0.01, scale: 1e-9 }),
  adamwCase({ count: 128, step: 10, weightDecay: 0.01, scale: 1e15 }),
  adamwCase({ count: 128, step: 10, weightDecay: 0.01, flag: 1 }),
  adamwCase({ count: 128, step: 10, weightDecay: 0.01, flag: 1, spoilt: NaN }),
  adamwCase({ count: 320, step: 3, weightDecay: 0.01, limits: { maxStorageBufferBindingSize: 600 } }),
  adamwCase({
    count: 20_032,
    step: 3,
    weightDecay: 0.01,
    limits: { maxComputeWorkgroupsPerDimension: 3 },
  }),
];
