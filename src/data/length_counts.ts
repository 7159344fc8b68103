import type { ExampleSizes } from './example_list';

/** How many examples have each length. */
export interface LengthCounts {
  /** Tokens of a bin: the first holds lengths from 1 to this number. */
  readonly step: number;
  readonly counts: readonly number[];
}

const MOST_BINS = 30;

/** Counts examples by their tokens before the cut. The step is 1, 2 or 5 times a power of ten. */
export function lengthCounts(examples: ExampleSizes): LengthCounts {
  const lengthOf = (index: number): number => examples.whole(index) ?? examples.tokens(index);
  let longest = 1;
  for (let index = 0; index < examples.length; index++) longest = Math.max(longest, lengthOf(index));
  const step = stepFor(longest / MOST_BINS);
  const counts = new Array<number>(Math.ceil(longest / step)).fill(0);
  for (let index = 0; index < examples.length; index++) {
    const bin = Math.ceil(lengthOf(index) / step) - 1;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { step, counts };
}

function stepFor(least: number): number {
  for (let power = 1; ; power *= 10) {
    for (const factor of [1, 2, 5]) if (factor * power >= least) return factor * power;
  }
}
