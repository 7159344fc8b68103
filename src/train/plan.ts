import { alignUp } from '../core/align';
import type { TrainSettings } from '../core/settings/settings';
import { planBatches, type Batch, type BatchPlan, type TokenizedExample } from '../data/batches';
import { each, longestOf, type ExampleList, type ExampleSizes } from '../data/example_list';
import { objectiveOf } from '../models/objectives';
import type { Objective } from '../models/objectives/objective';

/** Plans which of the examples each step trains on. */
export function planOf(settings: TrainSettings, examples: ExampleSizes): BatchPlan {
  return planBatches({
    count: examples.length,
    batchSize: settings.per_device_train_batch_size,
    accumulation: settings.gradient_accumulation_steps,
    seed: settings.seed,
    shuffle: settings.shuffle,
    lengthOf: settings.group_by_length ? (index) => examples.tokens(index) : undefined,
    epochs: settings.num_train_epochs,
    maxSteps: settings.max_steps,
  });
}

/** A program's capacity is a multiple of this, so that runs over similar data share their compiled shapes. */
const CAPACITY_ALIGNMENT = 64;

/**
 * The token rows that a run's programs must hold: those of its largest micro-batch, which the order of examples
 * determines in advance, or of the longest held-out example.
 */
export function capacityOf(
  plan: BatchPlan,
  batchSize: number,
  examples: ExampleSizes,
  heldOut: ExampleSizes,
): number {
  const longestHeldOut = Math.max(1, longestOf(heldOut));
  return alignUp(Math.max(largestMicroBatch(plan, batchSize, examples), longestHeldOut), CAPACITY_ALIGNMENT);
}

/**
 * An upper bound of the capacity before any example is known: examples of the length that settings and positions allow.
 */
export function capacityOfSettings(settings: TrainSettings, positions: number): number {
  const { per_device_train_batch_size, max_seq_length } = settings;
  const texts = per_device_train_batch_size * objectiveOf(settings).texts;
  return alignUp(texts * Math.min(max_seq_length, positions), CAPACITY_ALIGNMENT);
}

function largestMicroBatch(plan: BatchPlan, batchSize: number, examples: ExampleSizes): number {
  const lengths = Uint32Array.from({ length: examples.length }, (_, index) => examples.tokens(index)).sort();
  const possible = lengths.slice(-batchSize).reduce((sum, length) => sum + length, 0);
  let largest = 0;
  for (let step = 0; step < plan.steps && largest < possible; step++) {
    for (const microBatch of plan.window(step).microBatches) {
      let rows = 0;
      for (const index of microBatch) rows += examples.tokens(index);
      largest = Math.max(largest, rows);
    }
  }
  return largest;
}

/** Batches of all examples in order, each with as many as fit `capacity` rows (at least one example). */
export async function* evaluationBatches(
  objective: Pick<Objective, 'pack'>,
  examples: ExampleList,
  capacity: number,
): AsyncGenerator<Batch, void, void> {
  let batch: TokenizedExample[] = [];
  let rows = 0;
  for await (const example of each(examples)) {
    if (batch.length > 0 && rows + example.ids.length > capacity) {
      yield objective.pack(batch);
      batch = [];
      rows = 0;
    }
    batch.push(example);
    rows += example.ids.length;
  }
  if (batch.length > 0) yield objective.pack(batch);
}
