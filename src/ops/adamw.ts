import { flatDispatches, type FlatTensors } from './flat_step';
import { defineOp, type Builder, type Tensor } from './op';

/** Flat, f32 [n], n a multiple of 64; a parameter lies at the same place in all four unless `tensors` tells otherwise. */
export interface AdamwInputs {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  readonly moment1: Tensor;
  readonly moment2: Tensor;
  /** f32 [4], as `lossSum` and `gradientNorm` leave it. */
  readonly metrics: Tensor;
}

interface Attributes {
  readonly records: FlatTensors['records'] | undefined;
}

const definition = defineOp<AdamwInputs & Record<string, Tensor>, Record<string, never>, Attributes>({
  name: 'adamw',
  lower({ inputs, attributes: { records } }, { limits }) {
    const { parameters, gradients, moment1, moment2, metrics, table } = inputs;
    const tensors = records && table && { records, table };
    const states = [moment1, moment2];
    const step = { parameters, gradients, states, values: [metrics], tensors, operations: 16 };
    return flatDispatches({ kernel: 'adamw', ...step }, limits);
  },
});

/**
 * One step of AdamW in place, with the settings in `run`, as torch.optim.AdamW. Gradients are multiplied by metrics[3]
 * first; nothing is changed if metrics[2] is not 0.
 *
 * @param tensors the tensors to update, if not all of them, or not all at the same rate
 */
export function adamw(builder: Builder, inputs: AdamwInputs, tensors?: FlatTensors): void {
  const { table, records } = tensors ?? {};
  builder.apply(definition, { ...inputs, ...(table && { table }) }, {}, { records });
}
