import type { RunValues } from '../../gpu/run';
import { adamw as adamwOp } from '../../ops/adamw';
import { f32Moments, flatTable } from './flat';
import type { Optimizer, OptimizerSettings, StepValues } from './optimizer';

/** AdamW (Loshchilov & Hutter 2019, decoupled weight decay), as in torch.optim.AdamW: two moments in f32. */
export const adamw: Optimizer = {
  name: 'adamw_torch',
  plan(layout, settings) {
    const { tables, tensors } = flatTable(layout, settings);
    return {
      state: f32Moments(layout.size, 2),
      tables,
      step(trace, { parameters, gradients, metrics, of }) {
        const inputs = { parameters, gradients, metrics, moment1: of('moment1'), moment2: of('moment2') };
        adamwOp(trace, inputs, tensors(of));
      },
      scalars: (values) => adamScalars(settings, values),
    };
  },
};

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
