import { flatDispatches, type FlatTensors } from './flat_step';
import { defineOp, type Builder, type Tensor } from './op';

/** Flat, f32 [n], n a multiple of 64; a parameter lies at the same place in all three unless `tensors` tells otherwise. */
export interface LionInputs {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  readonly moment1: Tensor;
  /** f32 [4], as `lossSum` and `gradientNorm` leave it. */
  readonly metrics: Tensor;
}

interface Attributes {
  readonly records: FlatTensors['records'] | undefined;
}

const definition = defineOp<LionInputs & Record<string, Tensor>, Record<string, never>, Attributes>({
  name: 'lion',
  lower({ inputs, attributes: { records } }, { limits }) {
    const { parameters, gradients, moment1, metrics, table } = inputs;
    const tensors = records && table && { records, table };
    const step = { parameters, gradients, states: [moment1], values: [metrics], tensors, operations: 10 };
    return flatDispatches({ kernel: 'lion', ...step }, limits);
  },
});

/**
 * One step of Lion in place, with the settings in `run`, as bitsandbytes' Lion. Gradients are multiplied by metrics[3] first;
 * nothing is changed if metrics[2] is not 0.
 *
 * @param tensors the tensors to update, if not all of them, or not all at the same rate
 */
export function lion(builder: Builder, inputs: LionInputs, tensors?: FlatTensors): void {
  const { table, records } = tensors ?? {};
  builder.apply(definition, { ...inputs, ...(table && { table }) }, {}, { records });
}
