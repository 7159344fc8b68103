import { read, update, type Builder, type Tensor, defineOp } from './op';

interface Inputs {
  readonly [name: string]: Tensor;
  readonly losses: Tensor;
  readonly metrics: Tensor;
}

const definition = defineOp<Inputs, Record<string, never>, null>({
  name: 'loss_sum',
  lower({ inputs: { losses, metrics } }) {
    return [{ kernel: 'loss_sum', bindings: [read(losses), update(metrics)], workgroups: () => [1, 1, 1] }];
  },
});

/**
 * Adds the losses (f32 [rows]), times `run.loss_scale`, to metrics[0], and sets metrics[2] to 1 where one is not finite.
 * Both start anew where `run.accumulate` is not set.
 *
 * metrics, f32 [4]: mean loss of the accumulation window, gradient norm, 1 where something was not finite, clip
 * coefficient.
 */
export function lossSum(
  builder: Builder,
  inputs: { readonly losses: Tensor; readonly metrics: Tensor },
): void {
  const { losses, metrics } = inputs;
  builder.apply(definition, { losses, metrics }, {}, null);
}
