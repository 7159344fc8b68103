import type { ModelSpec } from '../models/spec';
import { parameterCount } from '../models/spec';
import { DEFAULTS, type TrainSettings } from '../train/settings';

/** Parameters below which a model is a toy: it learns from a handful of short examples, at a rate that would spoil a real one. */
const TOY_PARAMETERS = 20e6;

const TOY: Partial<TrainSettings> = {
  learning_rate: 5e-3,
  per_device_train_batch_size: 8,
  gradient_accumulation_steps: 1,
  num_train_epochs: 6,
  max_seq_length: 256,
  eval_steps: 10,
  save_steps: 10,
};

/** Settings to begin with for a model; the embedded demo's where none is open. */
export function defaultsFor(spec: ModelSpec | undefined): TrainSettings {
  if (spec && parameterCount(spec) >= TOY_PARAMETERS) return DEFAULTS;
  return { ...DEFAULTS, ...TOY };
}
