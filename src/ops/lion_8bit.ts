import { blockDispatches } from './block_step';
import { defineOp, type Builder, type Tensor } from './op';
import type { TensorRecord } from './tensor_table';

/** f32 [n] lie in the flat buffers, whose tensors the table tells. */
export interface Lion8bitInputs {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  /** u32 [blocks × 64], four codes a word. */
  readonly codes1: Tensor;
  /** f32 [blocks] */
  readonly absmax1: Tensor;
  /** f32 [4], as `lossSum` and `gradientNorm` leave it. */
  readonly metrics: Tensor;
  /** The code and `records`, as `tensorTable` writes them. */
  readonly table: Tensor;
}

interface Attributes {
  /** `first` in blocks. */
  readonly records: readonly TensorRecord[];
}

const definition = defineOp<Lion8bitInputs & Record<string, Tensor>, Record<string, never>, Attributes>({
  name: 'lion_8bit',
  lower({ inputs, attributes: { records } }, { limits }) {
    const { codes1, absmax1, ...flat } = inputs;
    return blockDispatches(
      { kernel: 'lion_8bit', ...flat, codes: [codes1], absmax: [absmax1] },
      records,
      limits,
    );
  },
});

/**
 * One step of Lion in place with its moment in 8 bits, as bitsandbytes' Lion8bit, with the settings in `run`. Gradients are
 * multiplied by metrics[3] first; nothing is changed if metrics[2] is not 0.
 */
export function lion8bit(builder: Builder, inputs: Lion8bitInputs, records: readonly TensorRecord[]): void {
  builder.apply(definition, { ...inputs }, {}, { records });
}
