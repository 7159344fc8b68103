import { blockDispatches } from './block_step';
import { defineOp, type Builder, type Tensor } from './op';
import type { TensorRecord } from './tensor_table';

/** f32 [n] lie in the flat buffers, whose tensors the table tells. */
export interface Adamw8bitInputs {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  /** u32 [blocks × 64], four codes a word. */
  readonly codes1: Tensor;
  readonly codes2: Tensor;
  /** f32 [blocks] */
  readonly absmax1: Tensor;
  readonly absmax2: Tensor;
  /** f32 [4], as `lossSum` and `gradientNorm` leave it. */
  readonly metrics: Tensor;
  /** The two codes and `records`, as `tensorTable` writes them. */
  readonly table: Tensor;
}

interface Attributes {
  /** `first` in blocks. */
  readonly records: readonly TensorRecord[];
}

const definition = defineOp<Adamw8bitInputs & Record<string, Tensor>, Record<string, never>, Attributes>({
  name: 'adamw_8bit',
  lower({ inputs, attributes: { records } }, { limits }) {
    const { codes1, codes2, absmax1, absmax2, ...flat } = inputs;
    const step = { ...flat, codes: [codes1, codes2], absmax: [absmax1, absmax2] };
    return blockDispatches({ kernel: 'adamw_8bit', ...step }, records, limits);
  },
});

/**
 * One step of AdamW in place with moments in 8 bits, as bitsandbytes' AdamW8bit, with the settings in `run`. Gradients are
 * multiplied by metrics[3] first; nothing is changed if metrics[2] is not 0.
 */
export function adamw8bit(builder: Builder, inputs: Adamw8bitInputs, records: readonly TensorRecord[]): void {
  builder.apply(definition, { ...inputs }, {}, { records });
}
