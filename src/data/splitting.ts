import { TunesmithError } from '../core/errors';
import { shuffle } from '../core/random';

/** No run reaches this epoch, so its random order can serve to choose the held-out examples. */
const SPLIT_EPOCH = 0xffffffff;

/** Indices of examples. Both lists ascend. */
export interface Split {
  readonly train: Uint32Array<ArrayBuffer>;
  readonly heldOut: Uint32Array<ArrayBuffer>;
}

/**
 * Chooses the examples that are kept out of training for evaluation: those that are given, and of the others each source's
 * share.
 *
 * @param sourceOf the source of each example
 * @param evalSplit below 1, a share of the examples (rounded up); from 1 on, their number (`eval_split`)
 * @param isGiven whether an example is held out in any case
 * @param isOnlyLearnt whether an example is never held out by chance
 * @throws TunesmithError if the share or the number would leave nothing to train on
 */
export function splitHeldOut(
  sourceOf: ArrayLike<number>,
  evalSplit: number,
  seed: number,
  isGiven: (index: number) => boolean = () => false,
  isOnlyLearnt: (index: number) => boolean = () => false,
): Split {
  const count = sourceOf.length;
  const order = shuffle(count, seed, SPLIT_EPOCH);
  const given = order.filter(isGiven);
  const rest = order.filter((index) => !isGiven(index) && !isOnlyLearnt(index));
  const held = rest.length > 1 ? Math.ceil(evalSplit < 1 ? evalSplit * rest.length : evalSplit) : 0;
  if (held > 0 && held >= rest.length) {
    const values = { split: evalSplit, held: held + given.length, count };
    throw new TunesmithError({ code: 'eval_split', values });
  }
  const left = quotas(rest, sourceOf, held);
  const chosen = new Uint8Array(count);
  for (const index of given) chosen[index] = 1;
  for (const index of rest) {
    const source = sourceOf[index]!;
    const quota = left.get(source) ?? 0;
    if (quota === 0) continue;
    left.set(source, quota - 1);
    chosen[index] = 1;
  }
  const all = Uint32Array.from({ length: count }, (_, index) => index);
  return {
    train: all.filter((index) => chosen[index] === 0),
    heldOut: all.filter((index) => chosen[index] === 1),
  };
}

/** How many examples of each source are held out: in proportion, by the largest remainders. */
function quotas(indices: Uint32Array, sourceOf: ArrayLike<number>, held: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const index of indices) counts.set(sourceOf[index]!, (counts.get(sourceOf[index]!) ?? 0) + 1);
  const exact = Array.from(counts, ([source, count]) => ({ source, share: (held * count) / indices.length }));
  const found = new Map(exact.map(({ source, share }) => [source, Math.floor(share)]));
  let missing = held - [...found.values()].reduce((sum, quota) => sum + quota, 0);
  const byRemainder = exact.toSorted((a, b) => (b.share % 1) - (a.share % 1) || a.source - b.source);
  for (const { source } of byRemainder) {
    if (missing-- <= 0) break;
    found.set(source, (found.get(source) ?? 0) + 1);
  }
  return found;
}
