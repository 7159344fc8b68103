import { adamScalars } from '../../src/models/optimizers/adamw';
import { scheduleFreeAdamw } from '../../src/ops/schedule_free_adamw';
import { tensorTable } from '../../src/ops/tensor_table';
import { describe, normal, type CaseInput, type OpCase } from './case';

interface Parameters {
  readonly step: number;
  readonly weightDecay?: number;
  readonly clip?: number;
  readonly flag?: number;
  /** The rate of the second of two tensors; one table for both. */
  readonly ratio?: number;
  readonly learningRate?: number;
  readonly limits?: OpCase['limits'];
}

const [beta1, beta2, epsilon] = [0.9, 0.99, 1e-8];
const COUNT = 640;

function scheduleFreeCase({ limits, ...parameters }: Parameters): OpCase {
  const { step, weightDecay = 0, clip = 1, flag = 0, ratio, learningRate = 1e-2 } = parameters;
  const settings = { adam_beta1: beta1, adam_beta2: beta2, adam_epsilon: epsilon, weight_decay: weightDecay };
  const flat = (data: Float32Array): CaseInput => ({ type: 'f32', shape: [data.length], data });
  const x = normal('parameters', COUNT);
  const begun = step > 1;
  const highest = begun ? 0.02 : 0;
  const records = [1, ratio ?? 1].map((rate, index) => ({
    ...{ first: index * 320, offset: index * 320, count: 320, columns: 320, stride: 320, rate },
    // The second one is a norm, say.
    decay: 1 - index,
  }));
  const table = tensorTable(records);
  const names = ['parameters', 'training', 'z', 'moment2', 'weights'] as const;
  const largest = Float64Array.from({ length: COUNT }, () => 5 + 100 * learningRate * (ratio ?? 1));
  return {
    op: 'schedule_free_adamw',
    name: describe({ ...parameters, ...limits }),
    rows: 1,
    run: adamScalars(settings, { learningRate, step }),
    limits,
    inputs: {
      parameters: flat(x),
      gradients: flat(normal('gradients', COUNT)),
      training: flat(begun ? normal('training', COUNT) : x),
      z: flat(begun ? normal('z', COUNT) : x),
      moment2: flat(normal('moment2', COUNT, begun ? 1 : 0).map((value) => 0.01 + value * value)),
      weights: flat(Float32Array.of(3 * highest * highest, highest, 0, 0)),
      metrics: flat(Float32Array.of(1, 2, flag, clip)),
      ...(ratio !== undefined && { table: { type: 'u32', shape: [table.length], data: table } }),
    },
    build(builder, given) {
      const { gradients, metrics, table: words } = given;
      const state = {
        parameters: given['parameters']!,
        training: given['training']!,
        z: given['z']!,
        moment2: given['moment2']!,
        weights: given['weights']!,
      };
      const inputs = { ...state, gradients: gradients!, metrics: metrics! };
      scheduleFreeAdamw(builder, inputs, words && { records, table: words });
      return state;
    },
    reference: {
      forward(given) {
        const state = Object.fromEntries(names.map((name) => [name, given[name]!.slice()]));
        if (flag !== 0) return state;
        const { gradients } = given;
        const most = Math.max(state['weights']![1]!, learningRate);
        const sum = state['weights']![0]! + most * most;
        const share = sum > 0 ? (most * most) / sum : 0;
        state['weights'] = Float64Array.of(sum, most, share, 0);
        for (let i = 0; i < COUNT; i++) {
          const g = clip * gradients![i]!;
          const y = state['training']![i]!;
          const z = state['z']![i]!;
          const v = beta2 * state['moment2']![i]! + (1 - beta2) * g * g;
          const decay = ratio !== undefined && i >= 320 ? 0 : weightDecay;
          const d = g / (Math.sqrt(v / (1 - beta2 ** step)) + epsilon) + decay * y;
          const lr = learningRate * (i < 320 ? 1 : (ratio ?? 1));
          const newY = y + share * (z - y) + lr * (beta1 * (1 - share) - 1) * d;
          const newZ = z - lr * d;
          state['moment2']![i] = v;
          state['training']![i] = newY;
          state['z']![i] = newZ;
          state['parameters']![i] = newY + (1 - 1 / beta1) * (newZ - newY);
        }
        return state;
      },
    },
    // A handful of roundings of values of up to about 5 and of steps of some learning rates.
    tolerance: {
      parameters: { factor: 4, magnitudes: largest },
      training: { factor: 4, magnitudes: largest },
      z: { factor: 4, magnitudes: largest },
      moment2: 8,
      weights: 8,
    },
  };
}

export const cases: readonly OpCase[] = [
  scheduleFreeCase({ step: 1 }),
  scheduleFreeCase({ step: 1, learningRate: 0 }),
  scheduleFreeCase({ step: 7, weightDecay: 0.1, clip: 0.25, ratio: 16 }),
  scheduleFreeCase({ step: 7, flag: 1 }),
  scheduleFreeCase({ step: 3, limits: { maxStorageBufferBindingSize: 1024 } }),
];
