import { adamScalars } from '../../src/models/optimizers/adamw';
import { adamw } from '../../src/ops/adamw';
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
  // What a parameter that is never used has, and padding: nothing must become of it.
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

export const cases: readonly OpCase[] = [
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
