import type { MemoryByPurpose } from '../../core/memory_purposes';
import type { TrainSettings } from '../../core/settings/settings';
import type { AdapterLayout } from '../../models/adapters/layout';
import type { ModelLayout } from '../../models/layout';
import { chatMemory, trainingMemory } from '../../models/memory';
import type { Limits } from '../../ops/op';
import { capacityOf, capacityOfSettings, planOf } from '../../train/plan';
import { SAMPLE_TOKENS } from '../../train/samples';
import { longestOf } from '../../data/example_list';
import type { ExampleParts } from '../data/dataset';
import { chatRows } from '../models/loaded';

/** The token rows of a run's programs, and the initial rows of its chat. */
export interface RunRows {
  readonly capacity: number;
  readonly cacheRows: number;
}

/** The rows before any example is known: batches as long as the settings allow. */
export function rowsOfSettings(model: ModelLayout, settings: TrainSettings): RunRows {
  return { capacity: capacityOfSettings(settings, model.positions), cacheRows: chatRows(model, 1) };
}

/**
 * The rows of a run over these examples, including answers to its sample prompts.
 *
 * @param longestPrompt tokens of the longest sample prompt, if the prompts aren't from the examples
 */
export function rowsOfExamples(
  model: ModelLayout,
  settings: TrainSettings,
  { training, heldOut }: ExampleParts,
  longestPrompt = 0,
): RunRows {
  const plan = planOf(settings, training);
  const longest = Math.max(longestPrompt, longestOf(training), longestOf(heldOut));
  return {
    capacity: capacityOf(plan, settings.per_device_train_batch_size, training, heldOut),
    cacheRows: chatRows(model, longest + SAMPLE_TOKENS),
  };
}

/** The memory of a run with its chat on the device, from the plans alone, without allocating anything. */
export function runMemory(
  model: ModelLayout,
  adapter: AdapterLayout,
  settings: TrainSettings,
  { capacity, cacheRows }: RunRows,
  limits: Limits,
): MemoryByPurpose {
  return {
    ...trainingMemory(model, adapter, { capacity, limits, settings }),
    ...chatMemory(model, adapter, { cacheRows, limits }),
  };
}
