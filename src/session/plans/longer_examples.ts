import { alignUp } from '../../core/align';
import type { TrainSettings } from '../../core/settings/settings';
import { resized, type ExampleSizes } from '../../data/example_list';
import type { ExampleParts } from '../data/dataset';
import type { FitLevel } from './fit';

/**
 * The smallest `max_seq_length` that cuts no example, or the largest that fits; `cut`: the number of examples that it
 * still cuts.
 */
export interface LongerExamples {
  readonly max_seq_length: number;
  readonly cut: number;
}

/** Offered lengths are multiples of this, like the rows of a run's programs. */
const LENGTH_STEP = 64;

/**
 * Finds a `max_seq_length` that cuts fewer examples, if some are cut, and fits as well as the present one.
 *
 * @param positions most tokens of the model
 * @param levelOf how well examples of other lengths fit; called about ten times at most
 */
export function longerExamples(
  positions: number,
  { training, heldOut }: ExampleParts,
  settings: TrainSettings,
  levelOf: (examples: ExampleParts, settings: TrainSettings) => FitLevel,
): LongerExamples | undefined {
  const cut = [...wholeLengths(training), ...wholeLengths(heldOut)];
  const longest = cut.reduce((most, whole) => Math.max(most, whole), 0);
  const now = Math.min(settings.max_seq_length, positions);
  const most = Math.min(alignUp(longest, LENGTH_STEP), positions);
  if (most <= now) return undefined;
  const level = levelOf({ training, heldOut }, settings);
  if (level === 'no') return undefined;
  const lengthened = (examples: ExampleSizes, length: number): ExampleSizes =>
    resized(examples, (index) => Math.min(examples.whole(index) ?? examples.tokens(index), length));
  const fits = (length: number): boolean => {
    // Longer bins are filled anew.
    const longer = settings.packing ? resized(training, () => length) : lengthened(training, length);
    const examples = { training: longer, heldOut: lengthened(heldOut, length) };
    const wanted = levelOf(examples, { ...settings, max_seq_length: length });
    return wanted === 'yes' || wanted === level;
  };
  const found = lastThat([...multiplesBetween(now, most), most], fits);
  if (found === undefined) return undefined;
  return { max_seq_length: found, cut: cut.filter((whole) => whole > found).length };
}

/** The lengths before the cut of those that were cut. */
function* wholeLengths(examples: ExampleSizes): Generator<number, void, void> {
  for (let index = 0; index < examples.length; index++) {
    const whole = examples.whole(index);
    if (whole !== undefined) yield whole;
  }
}

/** The multiples of the step above `low` and below `high`. */
function multiplesBetween(low: number, high: number): number[] {
  const first = Math.floor(low / LENGTH_STEP) + 1;
  const count = Math.max(0, Math.ceil(high / LENGTH_STEP) - first);
  return Array.from({ length: count }, (_, i) => (first + i) * LENGTH_STEP);
}

/** The last value that satisfies `holds`, provided that all values before it do too. Tries the very last one first. */
function lastThat(values: readonly number[], holds: (value: number) => boolean): number | undefined {
  const last = values.at(-1);
  if (last !== undefined && holds(last)) return last;
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(values[middle] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return values[low - 1];
}
