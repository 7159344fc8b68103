import type { RunValues } from '../../gpu/run';
import { adamw as adamwOp } from '../../ops/adamw';
import type { Optimizer, OptimizerSettings, StepValues } from './optimizer';

/** AdamW (Loshchilov & Hutter 2019, decoupled weight decay) as torch.optim.AdamW: two moments in f32. */
export const adamw: Optimizer = {
  name: 'adamw_torch',
  aliases: ['adamw_torch_fused'],
  plan: ({ size }, settings) => ({
    state: ['moment1', 'moment2'].map((name) => ({ name, dtype: 'F32', shape: [size] })),
    tables: [],
    step(trace, { parameters, gradients, metrics, of }) {
      adamwOp(trace, { parameters, gradients, metrics, moment1: of('moment1'), moment2: of('moment2') });
    },
    scalars: (values) => adamScalars(settings, values),
  }),
};

/** The values in `run` of a step of Adam. */
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
