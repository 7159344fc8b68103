import type { ExampleSizes } from './example_list';

/** How many numbers, of tokens for instance, lie in each of some bins. */
export interface LengthCounts {
  /** Width of a bin: the first holds numbers from 1 to this one. */
  readonly step: number;
  readonly counts: readonly number[];
}

const MOST_BINS = 30;

/** Counts examples by their tokens before the cut. */
export function lengthCounts(examples: ExampleSizes): LengthCounts {
  return countsOf(examples.length, (index) => examples.whole(index) ?? examples.tokens(index));
}

/** Counts numbers, which are above 0. The step is 1, 2 or 5 times a power of ten. */
export function countsOf(length: number, numberAt: (index: number) => number): LengthCounts {
  let largest = 1;
  for (let index = 0; index < length; index++) largest = Math.max(largest, numberAt(index));
  const step = stepFor(largest / MOST_BINS);
  const counts = new Array<number>(Math.ceil(largest / step)).fill(0);
  for (let index = 0; index < length; index++) {
    const bin = Math.ceil(numberAt(index) / step) - 1;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { step, counts };
}

function stepFor(least: number): number {
  for (let power = 1; ; power *= 10) {
    for (const factor of [1, 2, 5]) if (factor * power >= least) return factor * power;
  }
}
