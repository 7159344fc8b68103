import { TunesmithError } from '../core/errors';
import { shuffle } from '../core/random';

/** A conversation or a text as tokens, or several that belong together, such as a pair of answers. */
export interface TokenizedExample {
  readonly ids: Uint32Array;
  /** As long as `ids`: 1 for a target, a token that the model should learn to write. */
  readonly trained: Uint8Array;
  /** As long as `ids`: the factor of a target's loss in training; absent if all are 1. */
  readonly weights?: Float32Array;
  /** Index in `ids` of the first token of each text but the first; absent if there is one text. */
  readonly starts?: readonly number[];
  /** Number of tokens before the cut at `max_seq_length`; absent if nothing was cut. */
  readonly whole?: number;
}

/** The texts of an example, as [first token, token after the last]. */
export function textsOf({ ids, starts = [] }: Pick<TokenizedExample, 'ids' | 'starts'>): [number, number][] {
  const firsts = [0, ...starts];
  return firsts.map((first, text) => [first, firsts[text + 1] ?? ids.length]);
}

/** Stands in `Batch.targets` for a row without a target. */
export const NO_TARGET = 0xffffffff;

/**
 * Examples one after the other, one row a token, without padding. Each text is a segment. A token attends only within
 * its own segment, so the texts don't see one another.
 */
export interface Batch {
  /** Tokens of all examples together. */
  readonly rows: number;
  /** [rows] token ids. */
  readonly tokens: Uint32Array<ArrayBuffer>;
  /** [rows] id of the next token of the same text if it is a target, else `NO_TARGET`. */
  readonly targets: Uint32Array<ArrayBuffer>;
  /** [rows] position within the text, from 0. */
  readonly positions: Uint32Array<ArrayBuffer>;
  /** [rows] the factor of the target's loss in training. */
  readonly weights: Float32Array<ArrayBuffer>;
  /** [2 × rows] first row of the row's text, and the row after its last. */
  readonly segments: Uint32Array<ArrayBuffer>;
  /** Rows that have a target. */
  readonly targetTokens: number;
  /** Further arrays of the objective, by the names of its slots. */
  readonly more?: Readonly<Record<string, Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>>>;
}

/** Lays examples out as one batch. The first token of a text is never a target: nothing comes before it. */
export function packMicroBatch(examples: readonly TokenizedExample[]): Batch {
  const rows = examples.reduce((sum, { ids }) => sum + ids.length, 0);
  const tokens = new Uint32Array(rows);
  const targets = new Uint32Array(rows).fill(NO_TARGET);
  const positions = new Uint32Array(rows);
  const weights = new Float32Array(rows).fill(1);
  const segments = new Uint32Array(2 * rows);
  let begin = 0;
  let targetTokens = 0;
  for (const example of examples) {
    const { ids, trained } = example;
    tokens.set(ids, begin);
    for (const [first, end] of textsOf(example)) {
      for (let token = first; token < end; token++) {
        const row = begin + token;
        positions[row] = token - first;
        segments[2 * row] = begin + first;
        segments[2 * row + 1] = begin + end;
        if (token + 1 < end && trained[token + 1]) {
          targets[row] = ids[token + 1] ?? NO_TARGET;
          weights[row] = example.weights?.[token + 1] ?? 1;
          targetTokens++;
        }
      }
    }
    begin += ids.length;
  }
  return { rows, tokens, targets, weights, positions, segments, targetTokens };
}

export interface BatchPlanSettings {
  /** How many examples there are. */
  readonly count: number;
  /** Examples in a micro-batch (`per_device_train_batch_size`). */
  readonly batchSize: number;
  /** Micro-batches in an optimizer step (`gradient_accumulation_steps`). */
  readonly accumulation: number;
  readonly seed: number;
  /** Whether every epoch has an order of its own. */
  readonly shuffle: boolean;
  /** Tokens of an example; if given, shuffled examples are grouped by length. */
  readonly lengthOf?: ((index: number) => number) | undefined;
  /** Number of passes over the examples; may be a fraction (`num_train_epochs`). */
  readonly epochs: number;
  /** If above 0, the number of optimizer steps, whatever `epochs` says (`max_steps`). */
  readonly maxSteps?: number;
}

/** The examples of one optimizer step. */
export interface AccumulationWindow {
  /** From 0. */
  readonly epoch: number;
  /** Number of the window within its epoch, from 0. */
  readonly index: number;
  /** Numbers of examples, a micro-batch each. The last ones of an epoch may be smaller and fewer. */
  readonly microBatches: readonly Uint32Array[];
}

export interface BatchPlan {
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** Micro-batches before this step (from 0), over all epochs. */
  microBatchesBefore(step: number): number;
  /** The window of any step, from 0; depends on nothing but the settings and the step. */
  window(step: number): AccumulationWindow;
}

/**
 * Decides which examples each step trains on, as the Trainer of transformers does: it drops nothing; the examples left
 * at the end of an epoch make a smaller micro-batch and a window of fewer micro-batches.
 */
export function planBatches(settings: BatchPlanSettings): BatchPlan {
  const { count, batchSize, accumulation, seed, epochs, maxSteps = 0 } = settings;
  if (count < 1) {
    throw new TunesmithError({ code: 'no_examples' });
  }
  const microBatchesPerEpoch = Math.ceil(count / batchSize);
  const stepsPerEpoch = Math.ceil(microBatchesPerEpoch / accumulation);
  const steps = maxSteps > 0 ? maxSteps : Math.ceil(epochs * stepsPerEpoch);
  let known: { epoch: number; order: Uint32Array } | undefined;

  function orderOf(epoch: number): Uint32Array {
    if (known?.epoch !== epoch) {
      known = { epoch, order: newOrder(epoch) };
    }
    return known.order;
  }

  function newOrder(epoch: number): Uint32Array {
    if (!settings.shuffle) return Uint32Array.from({ length: count }, (_, i) => i);
    const order = shuffle(count, seed, epoch);
    return settings.lengthOf ? groupedByLength(order, settings.lengthOf, batchSize) : order;
  }

  return {
    steps,
    stepsPerEpoch,
    microBatchesBefore: (step) =>
      Math.floor(step / stepsPerEpoch) * microBatchesPerEpoch + (step % stepsPerEpoch) * accumulation,
    window(step) {
      const epoch = Math.floor(step / stepsPerEpoch);
      const index = step % stepsPerEpoch;
      const order = orderOf(epoch);
      const microBatches: Uint32Array[] = [];
      const last = Math.min((index + 1) * accumulation, microBatchesPerEpoch);
      for (let batch = index * accumulation; batch < last; batch++) {
        microBatches.push(order.slice(batch * batchSize, (batch + 1) * batchSize));
      }
      return { epoch, index, microBatches };
    },
  };
}

/** Most batches of a group whose examples are sorted by length. */
const GROUPED_BATCHES = 50;

/**
 * A random order with neighbours of similar length, as `get_length_grouped_indices` of transformers makes it: groups of
 * many batches, each from the longest example to the shortest. The longest example of all comes first, so that a run that
 * lacks memory fails at once.
 */
export function groupedByLength(
  order: Uint32Array,
  lengthOf: (index: number) => number,
  batchSize: number,
): Uint32Array {
  const batches = Math.max(1, Math.min(Math.floor(order.length / (4 * batchSize)), GROUPED_BATCHES));
  const size = batches * batchSize;
  const grouped = order.slice();
  let longest = 0;
  for (let begin = 0; begin < grouped.length; begin += size) {
    // Typed arrays sort stably, as Python does.
    grouped.subarray(begin, begin + size).sort((a, b) => lengthOf(b) - lengthOf(a));
    if (lengthOf(grouped[begin]!) > lengthOf(grouped[longest]!)) longest = begin;
  }
  if (longest > 0) [grouped[0], grouped[longest]] = [grouped[longest]!, grouped[0]!];
  return grouped;
}
