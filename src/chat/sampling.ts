import { TunesmithError } from '../core/errors';
import { streamOf, uniform } from '../core/random';

export interface SamplingSettings {
  /** 0: always the likeliest token. */
  readonly temperature: number;
  /** The likeliest tokens that together have this probability stay. 1: all. */
  readonly top_p: number;
  /** The so many likeliest tokens stay. 0: all. */
  readonly top_k: number;
  /** Above 1 makes tokens that were there before less likely. 1: off. */
  readonly repetition_penalty: number;
  readonly seed: number;
}

/**
 * Chooses the next token.
 *
 * @param logits [vocabulary], left as they are
 * @param previousIds all tokens before it, those of the prompt too
 */
export type Sampler = (logits: Float32Array, previousIds: ArrayLike<number>) => number;

const stream = streamOf('chat.sampling');

/**
 * Sampling as `generate` of transformers does it: repetition penalty (Keskar et al. 2019), temperature, top_k (what
 * ties with the k-th stays too), top_p (Holtzman et al. 2020), then a draw. The draw depends on the seed and the number
 * of previous tokens only, so the same conversation gets the same answer.
 *
 * @throws TunesmithError `logits_not_finite` (the sampler) where the model gave NaN
 */
export function createSampler(settings: SamplingSettings): Sampler {
  const { temperature, top_p, top_k, repetition_penalty, seed } = settings;
  return (logits, previousIds) => {
    const scores = repetition_penalty === 1 ? logits : penalised(logits, previousIds, repetition_penalty);
    const likeliest = argmax(scores);
    if (temperature === 0) return likeliest;
    const ids = top_k > 0 && top_k < scores.length ? topK(scores, top_k) : allIds(scores.length);
    // Relative to the likeliest, so that nothing overflows.
    const highest = scores[likeliest]!;
    const weights = new Float64Array(ids.length);
    for (let i = 0; i < ids.length; i++) weights[i] = Math.exp((scores[ids[i]!]! - highest) / temperature);
    if (top_p < 1) dropUnlikely(weights, top_p);
    return ids[draw(weights, uniform(seed, stream, previousIds.length))]!;
  };
}

/** Divides the positive scores of the ids by the penalty, multiplies the others by it, once for each id. */
function penalised(logits: Float32Array, ids: ArrayLike<number>, penalty: number): Float32Array {
  const scores = logits.slice();
  for (const id of new Set(Array.from(ids))) {
    const score = logits[id];
    if (score !== undefined) scores[id] = score < 0 ? score * penalty : score / penalty;
  }
  return scores;
}

/** The lowest id among those of the highest score. */
function argmax(scores: Float32Array): number {
  let best = -1;
  let highest = -Infinity;
  let numbers = true;
  for (let id = 0; id < scores.length; id++) {
    const score = scores[id]!;
    if (score > highest) {
      highest = score;
      best = id;
    }
    numbers &&= score < Infinity;
  }
  if (numbers && best >= 0) return best;
  throw new TunesmithError({
    code: 'logits_not_finite',
    message: 'The model gave scores for the next token that are no numbers.',
    hint: 'Its weights or the adapter are damaged: load another model or an earlier checkpoint.',
  });
}

function allIds(count: number): Uint32Array {
  const ids = new Uint32Array(count);
  for (let id = 0; id < count; id++) ids[id] = id;
  return ids;
}

/** The ids, ascending, whose score is at least the k-th highest. */
function topK(scores: Float32Array, k: number): Uint32Array {
  // The k highest scores so far, ascending. Few of a long row of scores ever enter it.
  const highest = new Float32Array(k).fill(-Infinity);
  for (let id = 0; id < scores.length; id++) {
    const score = scores[id]!;
    if (score <= highest[0]!) continue;
    let place = 0;
    while (place + 1 < k && highest[place + 1]! < score) {
      highest[place] = highest[place + 1]!;
      place++;
    }
    highest[place] = score;
  }
  return allIds(scores.length).filter((id) => scores[id]! >= highest[0]!);
}

/**
 * Sets those weights to 0 that are the smallest and together at most 1 - p of the sum. One stays always. Of equal weights
 * the later goes first.
 */
function dropUnlikely(weights: Float64Array, p: number): void {
  const spare = (1 - p) * sumOf(weights);
  // What is below spare / n weighs no more than `spare` even together, and needs no sorting. (1 - 1e-9 for rounding.)
  const surelyGone = (spare / weights.length) * (1 - 1e-9);
  const ascending = weights.filter((weight) => weight >= surelyGone).sort();
  let sum = ascending[0]!;
  for (let i = 0; i < weights.length; i++) if (weights[i]! < surelyGone) sum += weights[i]!;
  let dropped = 0;
  while (sum <= spare && dropped < ascending.length - 1) {
    dropped++;
    sum += ascending[dropped]!;
  }
  const smallestKept = ascending[dropped]!;
  const equalsKept = ascending.lastIndexOf(smallestKept) - dropped + 1;
  let equals = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (weight < smallestKept || (weight === smallestKept && ++equals > equalsKept)) weights[i] = 0;
  }
}

/** The place at the fraction `at`, in [0, 1), of the sum of the weights. Never one of weight 0. */
function draw(weights: Float64Array, at: number): number {
  const target = at * sumOf(weights);
  let sum = 0;
  let chosen = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    chosen = i;
    sum += weights[i]!;
    if (sum > target) break;
  }
  return chosen;
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}
