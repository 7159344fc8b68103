import type { Limits } from '../ops/op';
import { TunesmithError } from '../core/errors';
import type { ModelLayout } from '../models/layout';
import { adapterLayout } from '../models/lora';
import { chatMemory, trainingMemory } from '../models/memory';
import { parameterCount } from '../models/spec';
import { capacityOf, planOf, sampleSteps } from '../train/plan';
import type { TrainEvent } from '../train/events';
import type { TrainSettings } from '../train/settings';
import { tokenCount, type Dataset } from './dataset';
import { chatRows } from './resident';

/** Memory and time of a run, before anything starts. */
export interface PlanReport {
  readonly steps: number;
  readonly trainableParameters: number;
  /** Bytes by purpose. */
  readonly memory: Readonly<Record<string, number>>;
  readonly memoryTotal: number;
  readonly fits: boolean;
  /** What to change where it does not fit. */
  readonly advice: readonly string[];
  /** Of the whole run; undefined before the device's speed is known. */
  readonly estimatedSeconds?: number;
}

const SMALLER = [
  'a smaller per_device_train_batch_size, with more gradient_accumulation_steps',
  'a smaller max_seq_length',
  'gradient_checkpointing',
];

/**
 * @param rate floating-point operations a second that training reaches on this device, where known
 */
export function planReport(
  model: ModelLayout,
  dataset: Dataset,
  settings: TrainSettings,
  limits: Limits,
  rate: number | undefined,
): PlanReport {
  const layout = adapterLayout(model.spec, settings);
  const plan = planOf(settings, dataset.training.length);
  const { gradient_checkpointing } = settings;
  const batchSize = settings.per_device_train_batch_size;
  const capacity = capacityOf(plan, batchSize, dataset.training, dataset.heldOut);
  const common = { steps: plan.steps, trainableParameters: layout.parameters };
  try {
    const memory = {
      ...trainingMemory(model, layout, { capacity, limits, gradient_checkpointing }),
      ...chatMemory(model, layout, { cacheRows: chatRows(model), limits }),
    };
    const memoryTotal = Object.values(memory).reduce((sum, bytes) => sum + bytes, 0);
    const largest = layout.size * 4;
    const fits = largest <= limits.maxStorageBufferBindingSize || largest <= limits.maxBufferSize;
    const seconds = rate && runOperations(model, dataset, settings) / rate;
    return {
      ...common,
      memory,
      memoryTotal,
      fits,
      advice: fits ? [] : ['Choose a smaller r or fewer target_modules.'],
      ...(seconds !== undefined && { estimatedSeconds: seconds }),
    };
  } catch (error) {
    if (!(error instanceof TunesmithError) || error.code !== 'tensor_exceeds_binding') throw error;
    const advice = SMALLER.filter(
      (setting) => setting !== 'gradient_checkpointing' || !gradient_checkpointing,
    );
    return { ...common, memory: {}, memoryTotal: 0, fits: false, advice: [error.message, ...advice] };
  }
}

/**
 * Floating-point operations of a whole run: two per parameter and token forward, two backward (frozen weights get no
 * gradient of their own), two more with recomputation; evaluations forward only; answers like forward passes.
 */
function runOperations(model: ModelLayout, dataset: Dataset, settings: TrainSettings): number {
  const plan = planOf(settings, dataset.training.length);
  const perToken = 2 * parameterCount(model.spec);
  const trained = (tokenCount(dataset.training) * plan.steps) / plan.stepsPerEpoch;
  const evaluations = settings.eval_steps > 0 ? Math.ceil(plan.steps / settings.eval_steps) : 0;
  const evaluated = evaluations * tokenCount(dataset.heldOut);
  const sampled = (sampleSteps(plan.steps).size + 1) * dataset.samplePrompts.length * 40;
  return perToken * (trained * passesOf(settings) + evaluated + sampled);
}

/** What a trained token costs, in forward passes. */
function passesOf({ gradient_checkpointing }: TrainSettings): number {
  return gradient_checkpointing ? 3 : 2;
}

/**
 * Operations a second that training reached after the step `from`: the median of what its events tell, which know of no
 * pause and no compiling. Undefined where there are none.
 */
export function reachedRate(
  model: ModelLayout,
  settings: TrainSettings,
  history: readonly TrainEvent[],
  from: number,
): number | undefined {
  const speeds = history.flatMap((event) =>
    event.event === 'step' && event.step > from ? event.tokens_per_second : [],
  );
  const median = speeds.sort((a, b) => a - b)[speeds.length >> 1];
  return median ? median * 2 * parameterCount(model.spec) * passesOf(settings) : undefined;
}
