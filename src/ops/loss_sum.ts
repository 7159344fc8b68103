import { read, update, type Builder, type Tensor, defineOp } from './op';

interface Inputs {
  readonly [name: string]: Tensor;
  readonly losses: Tensor;
  readonly metrics: Tensor;
}

interface Attributes {
  readonly index: number;
}

const definition = defineOp<Inputs, Record<string, never>, Attributes>({
  name: 'loss_sum',
  lower({ inputs: { losses, metrics }, attributes: { index } }) {
    return [
      {
        kernel: 'loss_sum',
        overrides: { place: index },
        bindings: [read(losses), update(metrics)],
        workgroups: () => [1, 1, 1],
      },
    ];
  },
});

/**
 * Adds the losses (f32 [rows]), times `run.loss_scale`, to metrics[0], and sets metrics[2] to 1 if one is not finite.
 * Both start again if `run.accumulate` is not set.
 *
 * metrics, f32 [4 or more]: mean loss of the accumulation window, gradient norm, 1 where something was not finite, clip
 * coefficient; then the means of other measured values.
 *
 * @param index where the sum goes, after that of the losses: 4 or more
 */
export function lossSum(
  builder: Builder,
  inputs: { readonly losses: Tensor; readonly metrics: Tensor },
  index = 0,
): void {
  const { losses, metrics } = inputs;
  builder.apply(definition, { losses, metrics }, {}, { index });
}
