import { checkpointTensors } from '../../../src/models/spec';
import { deviation } from '../logits';
import type { Tuned } from '../tuned';

/** The largest of many normally distributed values is about four times the typical one. */
export const SPREAD = 4;

/** The relative errors of a weight and of an activation. */
const ERRORS = {
  // Weights of a block of 32, whose largest is about √(2 ln 32) times the typical one, in steps of an eighth of it.
  q4: [Math.sqrt(2 * Math.log(32)) / 8 / Math.sqrt(12), 0],
  q4f16: [Math.sqrt(2 * Math.log(32)) / 8 / Math.sqrt(12), 2 ** -11],
  // Both in 255 steps from the lowest to the highest, which are about 6 times the typical one apart in some hundred.
  q8: [6 / 255 / Math.sqrt(12), 6 / 255 / Math.sqrt(12)],
} as const;

export type Quantised = keyof typeof ERRORS;
export const QUANTISED = Object.keys(ERRORS) as Quantised[];

/** The number of matrices that a text passes through. */
export function matrices({ session }: Tuned): number {
  return checkpointTensors(session.layout.spec).filter(({ kind }) => kind !== 'vector').length;
}

/**
 * The divergence from base and adapter that a quantisation explains. A relative error u of all logits changes each by
 * about u · σ, σ being their deviation, and a distribution whose logits change by independent errors e diverges by about
 * ½ · mean e². The errors of n matrices add up to √n · u.
 */
export function explainedDivergence(quantisation: Quantised, tuned: Tuned): number {
  const error = Math.hypot(...ERRORS[quantisation]) * Math.sqrt(matrices(tuned));
  return 0.5 * (SPREAD * error * deviation(tuned.logits, tuned.vocabulary)) ** 2;
}
