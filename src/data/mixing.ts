import { TunesmithError } from '../core/errors';
import { shuffle, streamOf, uniform } from '../core/random';
import type { SourceOptions } from '../core/settings/sources';

/** How sources become one list: one after the other, or mixed until the first or the last of them is used up. */
export type MixStrategy = 'concat' | 'interleave_under' | 'interleave_over';

export interface MixedSource extends Pick<SourceOptions, 'num_samples' | 'weight'> {
  /** Indices of its examples. */
  readonly indices: Uint32Array;
}

const drawStream = streamOf('interleave');
/** Epochs of `shuffle` that no run reaches, one for each source. */
const SAMPLE_EPOCH = 0x80000000;
const WEIGHT_EPOCH = 0xc0000000;

/** Most examples of a pass. */
const MOST = 2e7;

/**
 * The examples of one pass over several sources, with the strategies of LLaMA-Factory's `mix_strategy` and of
 * `interleave_datasets` of Hugging Face's datasets. The draws depend on the seed alone.
 *
 * A source with `num_samples` gives a random sample of that size, whose examples repeat if it has fewer. Concatenated,
 * a source of weight w gives each example w times; a fraction gives that share of its examples once more. Interleaved
 * without any weight, the sources give their next examples in turn, each as many as the shortest or the longest has. With
 * weights, each draw takes the next example of a source, chosen with a probability in proportion to them. A source that
 * is used up begins again.
 *
 * @returns indices of examples, which may repeat
 * @throws TunesmithError `mixture_long` if they are too many
 */
export function mixed(
  sources: readonly MixedSource[],
  strategy: MixStrategy,
  seed: number,
): Uint32Array<ArrayBuffer> {
  const sampled = sources
    .map((source, nth) => ({ ...source, indices: sample(source, seed, nth) }))
    .filter(({ indices }) => indices.length > 0);
  if (strategy === 'concat') {
    return joined(sampled.map((source, nth) => weighted(source, seed, nth)));
  }
  const isWeighted = sampled.some(({ weight }) => weight !== undefined);
  return isWeighted ? interleaved(sampled, strategy, seed) : inTurn(sampled, strategy);
}

/** A random choice of as many of the indices, all of them if they are fewer. @param nth number of their source */
export function chosen(indices: Uint32Array, count: number, seed: number, nth: number): Uint32Array {
  return repeated(indices, Math.min(count, indices.length), seed, SAMPLE_EPOCH + nth);
}

function sample(
  { indices, num_samples: wanted = indices.length }: MixedSource,
  seed: number,
  nth: number,
): Uint32Array {
  return repeated(indices, wanted, seed, SAMPLE_EPOCH + nth);
}

/** Each index `weight` times. */
function weighted({ indices, weight = 1 }: MixedSource, seed: number, nth: number): Uint32Array {
  return repeated(indices, Math.max(1, Math.round(weight * indices.length)), seed, WEIGHT_EPOCH + nth);
}

/** As many of the indices: all of them as often as that goes, then a random choice, which ascends. */
function repeated(indices: Uint32Array, count: number, seed: number, epoch: number): Uint32Array {
  if (indices.length === 0 || count === indices.length) return indices;
  checkLength(count);
  const times = Math.floor(count / indices.length);
  const more = shuffle(indices.length, seed, epoch)
    .slice(0, count % indices.length)
    .sort();
  return joined([...new Array<Uint32Array>(times).fill(indices), more.map((at) => indices[at]!)]);
}

function inTurn(
  sources: readonly MixedSource[],
  strategy: Exclude<MixStrategy, 'concat'>,
): Uint32Array<ArrayBuffer> {
  const lengths = sources.map(({ indices }) => indices.length);
  const rounds = strategy === 'interleave_under' ? Math.min(...lengths) : Math.max(...lengths);
  const count = sources.length;
  if (count === 0) return new Uint32Array();
  checkLength(rounds * count);
  return Uint32Array.from({ length: rounds * count }, (_, at) => {
    const { indices } = sources[at % count]!;
    return indices[Math.floor(at / count) % indices.length]!;
  });
}

function interleaved(
  sources: readonly MixedSource[],
  strategy: Exclude<MixStrategy, 'concat'>,
  seed: number,
): Uint32Array<ArrayBuffer> {
  const total = sources.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const next = sources.map(() => 0);
  const used = new Set<number>();
  const found: number[] = [];
  const enough = strategy === 'interleave_under' ? Math.min(1, sources.length) : sources.length;
  while (used.size < enough) {
    checkLength(found.length);
    let draw = uniform(seed, drawStream, found.length) * total;
    let nth = 0;
    for (; nth < sources.length - 1; nth++) {
      draw -= sources[nth]?.weight ?? 1;
      if (draw < 0) break;
    }
    const { indices } = sources[nth]!;
    found.push(indices[next[nth]! % indices.length]!);
    next[nth] = next[nth]! + 1;
    if (next[nth]! >= indices.length) used.add(nth);
  }
  return Uint32Array.from(found);
}

/** Lists one after the other. @throws TunesmithError `mixture_long` */
export function joined(parts: readonly Uint32Array[]): Uint32Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  checkLength(length);
  const all = new Uint32Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function checkLength(length: number): void {
  if (length > MOST) throw new TunesmithError({ code: 'mixture_long', values: { millions: MOST / 1e6 } });
}
