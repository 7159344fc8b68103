import type { Advice, FitAdvice, FitReason } from '../../core/advice';
import { TunesmithError } from '../../core/errors';
import { memoryTotalOf, type MemoryByPurpose } from '../../core/memory_purposes';
import { SETTINGS, type TrainSettings } from '../../core/settings/settings';
import type { Limits } from '../../ops/op';

/**
 * 'no': the device refuses a buffer of the run. 'tight': the run needs more in all than the device probably has (WebGPU
 * does not say how much it has). 'yes': neither.
 */
export type FitLevel = 'yes' | 'tight' | 'no';

/** The memory that a run needs on the device. */
export interface Need {
  /** Empty if the device refuses a buffer. */
  readonly memory: MemoryByPurpose;
  readonly memoryTotal: number;
  readonly level: FitLevel;
  /** Present if the level is not 'yes'. */
  readonly reason?: FitReason;
}

/** An assessment of a run for the person. */
export interface Fit extends Omit<Need, 'reason'> {
  /** Whether the level is not 'no'. */
  readonly fits: boolean;
  /** Why it does not fit, or hardly fits, and the settings to change. */
  readonly advice: readonly Advice[];
}

/**
 * Assesses whether a run with these settings fits.
 *
 * @param measure returns the need with other settings; called at most a few dozen times
 * @param changeable the settings, but with the least demanding values for those that can't change any more
 */
export function fitOf(
  settings: TrainSettings,
  measure: (settings: TrainSettings) => Need,
  changeable = settings,
): Fit {
  const { reason, ...need } = measure(settings);
  const advice = [...(reason === undefined ? [] : [reason]), ...adviseFit(changeable, measure)];
  return { ...need, fits: need.level !== 'no', advice };
}

/**
 * Estimates a device's memory from its largest buffer. Drivers allow buffers of a quarter of the memory up to all of
 * it, so the estimate is twice the largest buffer. The device may have more, and other programs may use some of it.
 */
export function suggestedMemory({ maxBufferSize }: Pick<Limits, 'maxBufferSize'>): number {
  return 2 * maxBufferSize;
}

/**
 * Assesses the memory of a plan. An error of `plan` about a device or settings that can't hold a buffer becomes a 'no'.
 */
export function needOf(plan: () => MemoryByPurpose, limits: Limits): Need {
  let memory;
  try {
    memory = plan();
  } catch (error) {
    const refused = error instanceof TunesmithError && REFUSALS.includes(error.code);
    if (!refused) throw error;
    return { memory: {}, memoryTotal: 0, level: 'no', reason: { kind: 'refused', error: error.clause } };
  }
  const memoryTotal = memoryTotalOf(memory);
  // Parameters and gradients have one buffer each, of the same size. Other parts of an adapter have separate buffers.
  const bytes = memory.gradients ?? 0;
  const allowed = limits.maxBufferSize;
  if (bytes > allowed) {
    return { memory, memoryTotal, level: 'no', reason: { kind: 'adapter_buffer', bytes, allowed } };
  }
  const suggested = suggestedMemory(limits);
  if (memoryTotal <= suggested) return { memory, memoryTotal, level: 'yes' };
  return { memory, memoryTotal, level: 'tight', reason: { kind: 'device_memory', memoryTotal, suggested } };
}

const REFUSALS = [
  'adapter_exceeds_binding',
  'buffer_too_large',
  'linear_not_blocked',
  'tensor_exceeds_binding',
  'weight_not_packed',
];

/** Caches `measure` by the settings that memory depends on. */
export function remembered(
  measure: (settings: TrainSettings) => Need,
  keyOf: (settings: TrainSettings) => string,
): (settings: TrainSettings) => Need {
  const known = new Map<string, Need>();
  return (settings) => {
    const key = keyOf(settings);
    const need = known.get(key) ?? measure(settings);
    known.set(key, need);
    return need;
  };
}

/** Changes of settings that memory depends on, the least intrusive first. */
type Change = Partial<TrainSettings>;

/**
 * Advice for a run that does not fit, or hardly fits: each setting whose change alone makes it fit, with the value
 * nearest to the present one; if there is none, several changes together.
 *
 * @param measure returns the need with other settings; called at most a few dozen times
 */
export function adviseFit(
  settings: TrainSettings,
  measure: (settings: TrainSettings) => Need,
): readonly FitAdvice[] {
  const now = measure(settings);
  if (now.level === 'yes') return [];
  const goal = now.level === 'no' ? (['yes', 'tight'] as const) : (['yes'] as const);
  const reaches = (change: Change, levels: readonly FitLevel[]): boolean =>
    levels.includes(measure({ ...settings, ...completed(settings, change) }).level);
  for (const levels of goal.length > 1 ? [['yes'] as const, goal] : [goal]) {
    const changes = singleChanges(settings).flatMap(
      (values) => nearest(values, (change) => reaches(change, levels)) ?? [],
    );
    if (changes.length > 0) return changes.map((change) => adviceOf(settings, change, measure, true));
  }
  return [together(settings, measure, now)];
}

/** For each setting, the changes that need less memory, the nearest first. */
function singleChanges(settings: TrainSettings): readonly (readonly Change[])[] {
  const { gradient_checkpointing, per_device_train_batch_size: batch, max_seq_length: length, r } = settings;
  const { load_in_4bit, dtype } = settings;
  return [
    gradient_checkpointing ? [] : [{ gradient_checkpointing: true }],
    below(batch, 1).map((per_device_train_batch_size) => ({ per_device_train_batch_size })),
    below(length, LENGTH_STEP).map((max_seq_length) => ({ max_seq_length })),
    load_in_4bit ? [] : [{ load_in_4bit: true }],
    dtype === 'float32' ? [{ dtype: 'float16' as const }] : [],
    RANKS.filter((rank) => rank < r).map((rank) => ({ r: rank })),
  ];
}

const RANKS = [128, 64, 32, 16, 8, 4, 2, 1];
const LENGTH_STEP = 64;

/** The multiples of a step below a value, the largest first. */
function below(value: number, step: number): number[] {
  const count = Math.ceil(value / step) - 1;
  return Array.from({ length: Math.max(count, 0) }, (_, i) => (count - i) * step);
}

/** The first sufficient change; each change must need less than the one before it. */
function nearest(changes: readonly Change[], enough: (change: Change) => boolean): Change | undefined {
  const last = changes.at(-1);
  if (!last || !enough(last)) return undefined;
  let low = 0;
  let high = changes.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const change = changes[middle];
    if (change && enough(change)) high = middle;
    else low = middle + 1;
  }
  return changes[low];
}

function adviceOf(
  settings: TrainSettings,
  change: Change,
  measure: (settings: TrainSettings) => Need,
  single: boolean,
): FitAdvice {
  const changes = completed(settings, change);
  const { memoryTotal } = measure({ ...settings, ...changes });
  return { kind: 'change', changes, memoryTotal, single };
}

/** Completes a change so that the rest stays the same: the number of examples in a step, and the adapter's strength. */
function completed(settings: TrainSettings, change: Change): Change {
  const { per_device_train_batch_size: batch, r } = change;
  const steps =
    batch === undefined
      ? undefined
      : Math.ceil((settings.per_device_train_batch_size * settings.gradient_accumulation_steps) / batch);
  const share = r === undefined ? 1 : r / settings.r;
  const strength = settings.use_rslora ? Math.sqrt(share) : share;
  return {
    ...change,
    ...(r !== undefined && { lora_alpha: settings.lora_alpha * strength }),
    ...(steps !== undefined &&
      SETTINGS.gradient_accumulation_steps.kind.read(steps) && { gradient_accumulation_steps: steps }),
  };
}

/** All changes without a loss of quality, then the largest length that still fits. */
function together(settings: TrainSettings, measure: (settings: TrainSettings) => Need, now: Need): FitAdvice {
  const base: Change = {
    ...(!settings.gradient_checkpointing && { gradient_checkpointing: true }),
    ...(!settings.load_in_4bit && { load_in_4bit: true }),
    ...(settings.dtype === 'float32' && { dtype: 'float16' as const }),
    ...(settings.per_device_train_batch_size > 1 && { per_device_train_batch_size: 1 }),
  };
  const lengths = [settings.max_seq_length, ...below(settings.max_seq_length, LENGTH_STEP)];
  const changes = lengths.map((max_seq_length) => ({
    ...base,
    ...(max_seq_length !== settings.max_seq_length && { max_seq_length }),
  }));
  for (const levels of now.level === 'no' ? [['yes'], ['yes', 'tight']] : [['yes']]) {
    const change = nearest(changes, (each) =>
      levels.includes(measure({ ...settings, ...completed(settings, each) }).level),
    );
    if (change) return adviceOf(settings, change, measure, false);
  }
  const { level, memoryTotal, reason } = measure({
    ...settings,
    ...completed(settings, changes.at(-1) ?? base),
  });
  return { kind: 'smaller_model', memoryTotal, ...(level === 'no' && reason && { reason }) };
}
