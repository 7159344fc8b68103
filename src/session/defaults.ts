import { DEFAULTS, type TrainSettings } from '../core/settings/settings';
import type { ModelSpec } from '../models/spec';
import { parameterCount } from '../models/spec';

/**
 * A model with fewer parameters is a toy: it learns from a handful of short examples, at a rate that would spoil a real
 * model.
 */
const TOY_PARAMETERS = 20e6;

/** Chosen with PyTorch on the embedded demo, over five seeds; see tools/pretrain/README.md. */
const TOY: Partial<TrainSettings> = {
  learning_rate: 2e-3,
  lr_scheduler_type: 'cosine',
  warmup_steps: 0.1,
  per_device_train_batch_size: 4,
  gradient_accumulation_steps: 1,
  num_train_epochs: 4,
  max_seq_length: 256,
  eval_split: 0.05,
  eval_steps: 20,
  save_steps: 20,
};

/** Default settings for a model; those for the embedded demo if no model is open. */
export function defaultsFor(spec: ModelSpec | undefined): TrainSettings {
  // Without recomputation, four rows of 1,024 tokens take 8 GB for a model with half a billion parameters; with it, 1
  // GB.
  if (spec && parameterCount(spec) >= TOY_PARAMETERS) return { ...DEFAULTS, gradient_checkpointing: true };
  return { ...DEFAULTS, ...TOY };
}
