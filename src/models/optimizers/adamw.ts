import { alignUp } from '../../core/align';
import { elementCount } from '../../core/shape';
import type { RunValues } from '../../gpu/run';
import { adamw as adamwOp } from '../../ops/adamw';
import { tensorTable, type TensorRecord } from '../../ops/tensor_table';
import type { FlatTensor, Optimizer, OptimizerSettings, StateTensor, StepValues } from './optimizer';
import { ratesOf } from './rates';

const TABLE = 'adamw_tensors';

/** AdamW (Loshchilov & Hutter 2019, decoupled weight decay), as in torch.optim.AdamW: two moments in f32. */
export const adamw: Optimizer = {
  name: 'adamw_torch',
  plan({ size, tensors }, settings) {
    const rates = ratesOf(tensors, settings);
    const records = rates && wholeRecords(tensors, rates);
    return {
      state: f32Moments(size),
      tables: records ? [{ name: TABLE, words: tensorTable(records) }] : [],
      step(trace, { parameters, gradients, metrics, of }) {
        const inputs = { parameters, gradients, metrics, moment1: of('moment1'), moment2: of('moment2') };
        adamwOp(trace, inputs, records && { records, table: of(TABLE) });
      },
      scalars: (values) => adamScalars(settings, values),
    };
  },
};

/** Both moments of `count` elements. */
export function f32Moments(count: number): readonly StateTensor[] {
  return ['moment1', 'moment2'].map((name) => ({ name, dtype: 'F32', shape: [count] }));
}

/**
 * Records of the tensors including their padding: the moments have the same layout as the flat buffer.
 *
 * @param rates the learning rate factor of each tensor
 */
export function wholeRecords(
  tensors: readonly FlatTensor[],
  rates: readonly number[] | undefined,
): readonly TensorRecord[] {
  let first = 0;
  return tensors.map(({ offset, padded }, index) => {
    const count = alignUp(elementCount(padded), 64);
    const record = { first, offset, count, columns: count, stride: count, rate: rates?.[index] ?? 1 };
    first += count;
    return record;
  });
}

/** The values of a step of Adam in the `run` uniform. */
export function adamScalars(
  settings: Pick<OptimizerSettings, 'weight_decay' | 'adam_beta1' | 'adam_beta2' | 'adam_epsilon'>,
  { learningRate, step }: StepValues,
): Partial<RunValues> {
  const { adam_beta1: beta1, adam_beta2: beta2 } = settings;
  return {
    learningRate,
    weightDecay: settings.weight_decay,
    beta1,
    oneMinusBeta1: 1 - beta1,
    beta2,
    oneMinusBeta2: 1 - beta2,
    epsilon: settings.adam_epsilon,
    biasCorrection1: 1 - beta1 ** step,
    biasCorrection2: 1 - beta2 ** step,
  };
}
