import type { MemoryByPurpose } from '../../core/memory_purposes';
import type { TrainSettings } from '../../core/settings/settings';
import type { AdapterLayout } from '../../models/adapters/layout';
import type { ModelLayout } from '../../models/layout';
import { chatMemory, trainingMemory } from '../../models/memory';
import type { Limits } from '../../ops/op';
import { capacityOf, capacityOfSettings, planOf } from '../../train/plan';
import { SAMPLE_TOKENS } from '../../train/samples';
import type { Dataset } from '../data/dataset';
import { chatRows } from '../models/loaded';

/** The token rows that a run's programs hold, and that its chat begins with. */
export interface RunRows {
  readonly capacity: number;
  readonly cacheRows: number;
}

/** Before any example is known: batches are as long as the settings allow. */
export function rowsOfSettings(model: ModelLayout, settings: TrainSettings): RunRows {
  return { capacity: capacityOfSettings(settings, model.positions), cacheRows: chatRows(model, 1) };
}

/**
 * Of a run over these examples, which answers its sample prompts along the way.
 *
 * @param longestPrompt tokens of the longest of those, if they aren't the examples' own
 */
export function rowsOfExamples(
  model: ModelLayout,
  settings: TrainSettings,
  { training, heldOut }: Pick<Dataset, 'training' | 'heldOut'>,
  longestPrompt = 0,
): RunRows {
  const plan = planOf(settings, training.length);
  const longest = [...training, ...heldOut].reduce(
    (most, { ids }) => Math.max(most, ids.length),
    longestPrompt,
  );
  return {
    capacity: capacityOf(plan, settings.per_device_train_batch_size, training, heldOut),
    cacheRows: chatRows(model, longest + SAMPLE_TOKENS),
  };
}

/** What a run takes on the device with its chat, from the plans alone: nothing is allocated. */
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
