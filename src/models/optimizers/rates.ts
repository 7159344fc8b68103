import type { FlatTensor, OptimizerSettings } from './optimizer';

/**
 * The learning rate of each tensor divided by `learning_rate`. LoRA+ (Hayou et al. 2024), as in PEFT's
 * `create_loraplus_optimizer`: `loraplus_lr_ratio` for B and for vectors, 1 for the rest. Weight decay is the same for
 * all.
 *
 * @returns undefined if all rates are 1
 */
export function ratesOf(
  tensors: readonly FlatTensor[],
  { loraplus_lr_ratio: ratio }: Pick<OptimizerSettings, 'loraplus_lr_ratio'>,
): readonly number[] | undefined {
  return ratio === 1
    ? undefined
    : tensors.map(({ name, shape }) => (shape.length === 1 || name.endsWith('.lora_B') ? ratio : 1));
}

/** As `ratesOf`, for each of the tensors. */
export function rateFunction(
  tensors: readonly FlatTensor[],
  settings: Pick<OptimizerSettings, 'loraplus_lr_ratio'>,
): (tensor: FlatTensor) => number {
  const rates = ratesOf(tensors, settings);
  const byTensor = new Map(tensors.map((tensor, index) => [tensor, rates?.[index] ?? 1]));
  return (tensor) => byTensor.get(tensor) ?? 1;
}
