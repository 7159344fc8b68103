import type { MixSettings } from '../../core/settings/mixing';

/**
 * Ways of mixing tensors of one size, as PEFT's `utils/merge_utils.py`: with its order of operations in float32, so that
 * signs and ties come out alike.
 */

const { fround } = Math;

/** Σ weight · tensor (Ilharco et al. 2023, "Editing models with task arithmetic"). */
export function weightedSum(
  tensors: readonly Float32Array[],
  weights: readonly number[],
): Float32Array<ArrayBuffer> {
  const sum = new Float32Array(tensors[0]?.length ?? 0);
  tensors.forEach((tensor, index) => {
    const weight = fround(weights[index]!);
    for (let i = 0; i < sum.length; i++) sum[i]! += fround(tensor[i]! * weight);
  });
  return sum;
}

/**
 * The mean of weight · value over the values whose sign is the elected one (Yadav et al. 2023, "TIES-merging"): that of
 * the sum, or that of the most tensors. A sum of zero elects plus.
 */
export function electedMean(
  tensors: readonly Float32Array[],
  weights: readonly number[],
  method: MixSettings['majority_sign_method'],
): Float32Array<ArrayBuffer> {
  const vote = method === 'total' ? (value: number) => value : Math.sign;
  const rounded = weights.map(fround);
  const mean = new Float32Array(tensors[0]?.length ?? 0);
  for (let i = 0; i < mean.length; i++) {
    let votes = 0;
    for (const tensor of tensors) votes = fround(votes + vote(tensor[i]!));
    const elected = votes >= 0 ? 1 : -1;
    let sum = 0;
    let count = 0;
    tensors.forEach((tensor, index) => {
      if (Math.sign(tensor[i]!) !== elected) return;
      sum = fround(sum + fround(tensor[i]! * rounded[index]!));
      count++;
    });
    mean[i] = sum / Math.max(count, 1);
  }
  return mean;
}

/** Keeps this share of the values, the greatest in magnitude, and sets the others to zero. */
export function trimmed(tensor: Float32Array, density: number): Float32Array {
  if (density >= 1) return tensor;
  const kept = Math.trunc(density * tensor.length);
  const result = new Float32Array(tensor.length);
  if (kept === 0) return result;
  const magnitudes = tensor.map(Math.abs);
  const least = magnitudes.slice().sort()[tensor.length - kept]!;
  let equal = kept - magnitudes.reduce((count, value) => count + Number(value > least), 0);
  magnitudes.forEach((value, i) => {
    if (value > least || (value === least && equal-- > 0)) result[i] = tensor[i]!;
  });
  return result;
}

/**
 * Keeps values at random and divides them by the density, so that the expected value stays (Yu et al. 2024, "Language
 * models are super Mario": DARE).
 */
export function dropped(
  tensor: Float32Array,
  density: number,
  keeps: (index: number) => boolean,
): Float32Array {
  if (density >= 1) return tensor;
  const divisor = fround(density);
  return tensor.map((value, index) => (keeps(index) ? value / divisor : 0));
}
