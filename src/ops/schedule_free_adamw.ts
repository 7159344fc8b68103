import { flatDispatches, type FlatTensors } from './flat_step';
import { defineOp, read, update, type Builder, type Tensor } from './op';

/** Flat, f32 [n], n a multiple of 64; a parameter lies at the same place in all five unless `tensors` tells otherwise. */
export interface ScheduleFreeInputs {
  /** The average, for use. It is only written. */
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  /** The point of which the gradients are. */
  readonly training: Tensor;
  readonly z: Tensor;
  readonly moment2: Tensor;
  /** f32 [4]: the sum of the weights, the highest learning rate so far, the newest weight over the sum. */
  readonly weights: Tensor;
  /** f32 [4], as `lossSum` and `gradientNorm` leave it. */
  readonly metrics: Tensor;
}

interface Attributes {
  readonly records: FlatTensors['records'] | undefined;
}

const definition = defineOp<ScheduleFreeInputs & Record<string, Tensor>, Record<string, never>, Attributes>({
  name: 'schedule_free_adamw',
  lower({ inputs, attributes: { records } }, { limits }) {
    const { parameters, gradients, training, z, moment2, weights, metrics, table } = inputs;
    const tensors = records && table && { records, table };
    const states = [training, z, moment2];
    const step = { parameters, gradients, states, values: [metrics, weights], tensors, operations: 24 };
    return [
      {
        kernel: 'schedule_free_weights',
        bindings: [update(weights), read(metrics)],
        workgroups: () => [1, 1, 1],
      },
      ...flatDispatches({ kernel: 'schedule_free_adamw', ...step }, limits),
    ];
  },
});

/**
 * One step of schedule-free AdamW in place, with the settings in `run`, as schedulefree's AdamWScheduleFree. Gradients are
 * multiplied by metrics[3] first; nothing is changed if metrics[2] is not 0.
 *
 * @param tensors the tensors to update, if not all of them, or not all at the same rate
 */
export function scheduleFreeAdamw(builder: Builder, inputs: ScheduleFreeInputs, tensors?: FlatTensors): void {
  const { table, records } = tensors ?? {};
  builder.apply(definition, { ...inputs, ...(table && { table }) }, {}, { records });
}
