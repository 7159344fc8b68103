import { checkpointTensors, type TensorSpec } from '../../../src/models/spec';
import { deviation, largest } from '../logits';
import type { Tuned } from '../tuned';

/** The largest of many normally distributed values is about four times the typical one. */
export const SPREAD = 4;

/**
 * The relative error of a weight and of an activation of `q8`: both are in 255 steps from the lowest to the highest,
 * which are about 6 times the typical one apart in some hundred.
 */
const ERROR = 6 / 255 / Math.sqrt(12);

/** The number of matrices that a text passes through. */
export function matrices({ session }: Tuned): number {
  return matricesOf(session).length;
}

function matricesOf({ layout }: Tuned['session']): readonly TensorSpec[] {
  return checkpointTensors(layout.spec).filter(({ kind }) => kind !== 'vector');
}

/**
 * The largest difference of logits if both sides compute with the same weights in float32, and sum in another order: sums of k
 * products err by about √k · 2⁻²⁴, and the errors of n matrices add up to √n times that.
 */
export function orderOfSums({ session, logits }: Pick<Tuned, 'session' | 'logits'>): number {
  const all = matricesOf(session);
  const longest = Math.max(...all.map(({ shape }) => shape[1] ?? 1));
  return SPREAD * Math.sqrt(all.length * longest) * 2 ** -24 * largest(logits);
}

/**
 * The divergence from base and adapter that `q8` explains. A relative error u of all logits changes each by about u · σ, σ
 * being their deviation, and a distribution whose logits change by independent errors e diverges by about ½ · mean e².
 * The errors of n matrices add up to √n · u.
 */
export function explainedDivergence(tuned: Tuned): number {
  const error = Math.sqrt(2 * matrices(tuned)) * ERROR;
  return 0.5 * (SPREAD * error * deviation(tuned.logits, tuned.vocabulary)) ** 2;
}
