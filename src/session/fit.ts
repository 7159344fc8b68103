import { TunesmithError } from '../core/errors';
import { bytesText } from '../core/bytes';
import type { TrainSettings } from '../core/settings/settings';
import type { Limits } from '../ops/op';

/**
 * 'no': the device refuses one of the pieces. 'tight': more in all than the device suggests that it has, which WebGPU does
 * not tell. 'yes': neither.
 */
export type FitLevel = 'yes' | 'tight' | 'no';

/** What a run takes on the device. */
export interface Need {
  /** Bytes by purpose; empty where the device refuses a piece. */
  readonly memory: Readonly<Record<string, number>>;
  readonly memoryTotal: number;
  readonly level: FitLevel;
  /** For people, where the level is not 'yes'. */
  readonly reason?: string;
}

/**
 * The memory that a device suggests by its largest buffer: drivers allow one of a quarter of the memory up to all of it, so
 * twice that is taken for what is there. It may be more, and other programs may use some of it.
 */
export function suggestedMemory({ maxBufferSize }: Pick<Limits, 'maxBufferSize'>): number {
  return 2 * maxBufferSize;
}

/** Judges what `plan` tells; what it throws for a device or for settings that can't hold a piece becomes a 'no'. */
export function needOf(plan: () => Readonly<Record<string, number>>, limits: Limits): Need {
  let memory;
  try {
    memory = plan();
  } catch (error) {
    if (!(error instanceof TunesmithError) || error.errorClass !== 'fit') throw error;
    return { memory: {}, memoryTotal: 0, level: 'no', reason: error.message };
  }
  const memoryTotal = Object.values(memory).reduce((sum, bytes) => sum + bytes, 0);
  // Parameters, their gradients and moments lie in one buffer each.
  const flat = memory['adapter'] ?? 0;
  if (flat > limits.maxBufferSize) {
    const reason = `The adapter needs ${bytesText(flat)} in one buffer; this device allows ${bytesText(limits.maxBufferSize)}.`;
    return { memory, memoryTotal, level: 'no', reason };
  }
  const suggested = suggestedMemory(limits);
  if (memoryTotal <= suggested) return { memory, memoryTotal, level: 'yes' };
  const reason =
    `${bytesText(memoryTotal)} in all: a browser doesn't tell how much memory the graphics card has, ` +
    `and this one's largest buffer suggests about ${bytesText(suggested)}.`;
  return { memory, memoryTotal, level: 'tight', reason };
}

/** `measure` that plans once for all settings of the same key: those that memory depends on. */
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

/** Settings that memory depends on, in the order of what changes the result least. */
type Change = Partial<TrainSettings>;

/**
 * For a run that does not fit, or only just: each single setting whose change alone would make it fit, with the value
 * nearest to the present one; where there is none, what it takes together.
 *
 * @param measure the need with other settings; asked a few dozen times at most
 */
export function adviseFit(
  settings: TrainSettings,
  measure: (settings: TrainSettings) => Need,
): readonly string[] {
  const now = measure(settings);
  if (now.level === 'yes') return [];
  const goal = now.level === 'no' ? (['yes', 'tight'] as const) : (['yes'] as const);
  const reaches = (change: Change, levels: readonly FitLevel[]): boolean =>
    levels.includes(measure({ ...settings, ...change }).level);
  for (const levels of goal.length > 1 ? [['yes'] as const, goal] : [goal]) {
    const changes = singleChanges(settings).flatMap(
      (values) => nearest(values, (change) => reaches(change, levels)) ?? [],
    );
    if (changes.length > 0) return changes.map((change) => tell(settings, change, measure));
  }
  return [together(settings, measure, now)];
}

/** By setting, the changes that need less, the nearest first. */
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

/** The first change that is enough, where each needs less than the one before it. */
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

function tell(settings: TrainSettings, change: Change, measure: (settings: TrainSettings) => Need): string {
  const { memoryTotal } = measure({ ...settings, ...change });
  return `${textOf(settings, change)}: ${bytesText(memoryTotal)} in all.`;
}

function textOf(settings: TrainSettings, change: Change): string {
  const parts = Object.entries(change).map(([name, value]) => `${name} = ${String(value)}`);
  const { per_device_train_batch_size: batch } = change;
  if (batch !== undefined) {
    const examples = settings.per_device_train_batch_size * settings.gradient_accumulation_steps;
    const steps = Math.ceil(examples / batch);
    parts.push(`gradient_accumulation_steps = ${steps} (so that a step has as many examples as before)`);
  }
  return parts.join(', ');
}

/** Everything that costs no quality, then the largest length that is left. */
function together(settings: TrainSettings, measure: (settings: TrainSettings) => Need, now: Need): string {
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
    const change = nearest(changes, (each) => levels.includes(measure({ ...settings, ...each }).level));
    if (change) return `No single setting is enough. Together: ${tell(settings, change, measure)}`;
  }
  const least = measure({ ...settings, ...changes.at(-1) });
  const still = least.level === 'no' ? (least.reason ?? '') : `Still ${bytesText(least.memoryTotal)} in all.`;
  return `No settings make this model fit; choose a smaller one. ${still}`.trim();
}
