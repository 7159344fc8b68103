import type { FlatTensor, OptimizerSettings } from './optimizer';

type RateSettings = Pick<OptimizerSettings, 'loraplus_lr_ratio' | 'layerwise_lr_decay'>;

/** The parameters that transformers' Trainer leaves out of the weight decay (`get_decay_parameter_names`): norms and biases. */
const UNDECAYED = /bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)/i;

/** The weight decay of a tensor divided by `weight_decay`: 1, or 0 for norms and biases. */
export function decayOf({ name }: FlatTensor): number {
  return UNDECAYED.test(name) ? 0 : 1;
}

/**
 * The learning rate of each tensor divided by `learning_rate`: the product of two factors.
 *
 * - LoRA+ (Hayou et al. 2024), as in PEFT's `create_loraplus_optimizer`: `loraplus_lr_ratio` for B and for vectors, 1 for the rest.
 * - Layer-wise decay (Howard & Ruder 2018; Clark et al. 2020): `layerwise_lr_decay` to the power of the layers above, up to the
 *   last trained one. The embeddings lie below layer 0; what belongs to no layer learns at the full rate.
 *
 * @returns undefined if all rates are 1
 */
export function ratesOf(
  tensors: readonly FlatTensor[],
  { loraplus_lr_ratio: ratio, layerwise_lr_decay: decay }: RateSettings,
): readonly number[] | undefined {
  if (ratio === 1 && decay === 1) return undefined;
  const last = Math.max(...tensors.map(({ name }) => layerOf(name) ?? -1));
  return tensors.map(({ name, shape }) => {
    const faster = shape.length === 1 || name.endsWith('.lora_B') ? ratio : 1;
    return faster * decay ** (last - (layerOf(name) ?? last));
  });
}

/** The layer of a tensor from 0, -1 for the embeddings; undefined for what belongs to no layer. */
function layerOf(name: string): number | undefined {
  const [, layer] = /(?:^|\.)layers\.(\d+)\./.exec(name) ?? [];
  if (layer !== undefined) return Number(layer);
  return name.includes('embed') ? -1 : undefined;
}

/** As `ratesOf`, for each of the tensors. */
export function rateFunction(
  tensors: readonly FlatTensor[],
  settings: RateSettings,
): (tensor: FlatTensor) => number {
  const rates = ratesOf(tensors, settings);
  const byTensor = new Map(tensors.map((tensor, index) => [tensor, rates?.[index] ?? 1]));
  return (tensor) => byTensor.get(tensor) ?? 1;
}
