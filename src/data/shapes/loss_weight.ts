import { Float, type LosslessJson } from '../../core/lossless_json';

/** The largest weight: a larger one is a slip rather than a wish. */
export const MOST_WEIGHT = 1_000_000;

/**
 * The weight of a row's or an answer's loss: a number, or its text, as tables have it.
 *
 * @returns undefined for a value that is no weight: a text that is no number, NaN, or a number below 0 or above `MOST_WEIGHT`
 */
export function lossWeight(value: LosslessJson): number | undefined {
  const number = value instanceof Float ? value.value : typeof value === 'string' ? fromText(value) : value;
  // Smaller ones are 0 in float32, as batches have them.
  if (typeof number !== 'number' || !(number >= 0 && number <= MOST_WEIGHT)) return undefined;
  return Math.fround(number) === 0 ? 0 : number;
}

function fromText(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}
