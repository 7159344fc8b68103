import { TunesmithError } from '../core/errors';
import { streamOf, uniform } from '../core/random';
import type { AnswerSettings } from '../core/settings/settings';
import type { Likeliest } from '../models/generation';

export type SamplingSettings = Omit<AnswerSettings, 'max_new_tokens'>;

/** Chooses the next token. `previousIds` are all tokens before it, including the prompt's. */
export interface Sampler {
  /** @param logits [vocabulary], not changed */
  readonly ofAll: (logits: Float32Array, previousIds: ArrayLike<number>) => number;
  /**
   * Makes the same choice as `ofAll` from only the likeliest tokens; undefined if these do not determine it. Absent if
   * the settings allow any token.
   */
  readonly ofLikeliest?: (likeliest: Likeliest, previousIds: ArrayLike<number>) => number | undefined;
}

/** Highest top_k for which the likeliest tokens suffice; with more, some are missing too often. */
const FEW = 100;

const stream = streamOf('chat.sampling');

/**
 * Sampling as in `generate` of transformers: repetition penalty (Keskar et al. 2019), temperature, top_k (including
 * ties with the k-th), top_p (Holtzman et al. 2020), then a draw. The draw depends only on the seed and the number of
 * previous tokens, so the same conversation gets the same answer.
 *
 * @throws TunesmithError `logits_not_finite` (from the sampler) if the model returned NaN
 */
export function createSampler(settings: SamplingSettings): Sampler {
  const { temperature, top_p, top_k, repetition_penalty, seed } = settings;
  const few = temperature === 0 ? 1 : top_k;

  const drawFrom = (scores: Float32Array, highest: number, previousIds: ArrayLike<number>): number => {
    const weights = new Float64Array(scores.length);
    // Relative to the likeliest, so that nothing overflows.
    for (let i = 0; i < scores.length; i++) weights[i] = Math.exp((scores[i]! - highest) / temperature);
    if (top_p < 1) dropUnlikely(weights, top_p);
    return draw(weights, uniform(seed, stream, previousIds.length));
  };

  const ofAll: Sampler['ofAll'] = (logits, previousIds) => {
    const scores = repetition_penalty === 1 ? logits : penalised(logits, previousIds, repetition_penalty);
    const likeliest = argmax(scores);
    if (temperature === 0) return likeliest;
    const highest = scores[likeliest]!;
    if (top_k === 0 || top_k >= scores.length) return drawFrom(scores, highest, previousIds);
    const ids = atLeast(scores, kthHighest(scores, top_k));
    return ids[drawFrom(gather(scores, ids), highest, previousIds)]!;
  };

  // A penalty below 1 could make a token likely that is missing.
  if (few === 0 || few > FEW || repetition_penalty < 1) return { ofAll };
  return {
    ofAll,
    ofLikeliest({ scores: given, ids, bound }, previousIds) {
      const scores =
        repetition_penalty === 1 ? given : penalised(given, previousIds, repetition_penalty, ids);
      const highest = scores[argmax(scores)]!;
      const lowestKept = kthHighest(scores, few);
      if (lowestKept <= bound) return undefined;
      const places = atLeast(scores, lowestKept).sort((a, b) => ids[a]! - ids[b]!);
      const [first] = places;
      const place =
        temperature === 0 ? first : places[drawFrom(gather(scores, places), highest, previousIds)];
      return ids[place!]!;
    },
  };
}

/**
 * Divides the positive scores of the ids by the penalty, multiplies the others by it, once for each id.
 *
 * @param ids the tokens of the scores; if omitted, the indices of the scores
 */
function penalised(
  given: Float32Array,
  previousIds: ArrayLike<number>,
  penalty: number,
  ids?: Uint32Array,
): Float32Array {
  const scores = given.slice();
  const penalise = (place: number): void => {
    const score = given[place];
    if (score !== undefined) scores[place] = score < 0 ? score * penalty : score / penalty;
  };
  const previous = new Set(Array.from(previousIds));
  if (!ids) for (const id of previous) penalise(id);
  else for (let place = 0; place < ids.length; place++) if (previous.has(ids[place]!)) penalise(place);
  return scores;
}

/** The lowest index with the highest score. */
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
  throw new TunesmithError({ code: 'logits_not_finite' });
}

/** The k-th highest score. */
function kthHighest(scores: Float32Array, k: number): number {
  // The k highest scores so far, ascending. Few of many scores ever enter it.
  const highest = new Float32Array(k).fill(-Infinity);
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (score <= highest[0]!) continue;
    let place = 0;
    while (place + 1 < k && highest[place + 1]! < score) {
      highest[place] = highest[place + 1]!;
      place++;
    }
    highest[place] = score;
  }
  return highest[0]!;
}

/** The indices, ascending, of the scores that are at least `lowest`. */
function atLeast(scores: Float32Array, lowest: number): Uint32Array {
  const places: number[] = [];
  for (let i = 0; i < scores.length; i++) if (scores[i]! >= lowest) places.push(i);
  return Uint32Array.from(places);
}

function gather(values: Float32Array, places: Uint32Array): Float32Array {
  const gathered = new Float32Array(places.length);
  for (let i = 0; i < places.length; i++) gathered[i] = values[places[i]!]!;
  return gathered;
}

/**
 * Sets the smallest weights to 0, as many as together make up at most 1 - p of the sum. One always stays. Among equal
 * weights, the later ones go first.
 */
function dropUnlikely(weights: Float64Array, p: number): void {
  const spare = (1 - p) * sumOf(weights);
  // Weights below spare / n sum up to at most `spare` and need no sorting. (1 - 1e-9 for rounding.)
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

/** The index at the fraction `at`, in [0, 1), of the sum of the weights. Its weight is never 0. */
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
