import type { TrainSettings } from '../../worker/protocol';
import { formatCount } from './format';

/** A line of advice, with the change that follows it where that is simple. */
export interface Suggestion {
  readonly text: string;
  /** The change in a few words, for a button. */
  readonly label?: string;
  readonly changes?: Partial<TrainSettings>;
}

type Change = Omit<Suggestion, 'text'>;

const half = (value: number) => Math.max(1, Math.floor(value / 2));

/** What each setting that advice may name is changed to; undefined where it can't go further that way. */
const changeOf: Readonly<Record<string, (values: TrainSettings) => Change | undefined>> = {
  per_device_train_batch_size: ({ per_device_train_batch_size: batch, gradient_accumulation_steps }) =>
    batch > 1
      ? {
          label: `${formatCount(batch)} → ${formatCount(half(batch))}`,
          changes: {
            per_device_train_batch_size: half(batch),
            // The optimizer goes on seeing as many examples at a step.
            gradient_accumulation_steps: Math.round((gradient_accumulation_steps * batch) / half(batch)),
          },
        }
      : undefined,
  max_seq_length: ({ max_seq_length: length }) =>
    length > 128
      ? {
          label: `${formatCount(length)} → ${formatCount(half(length))}`,
          changes: { max_seq_length: half(length) },
        }
      : undefined,
  gradient_checkpointing: ({ gradient_checkpointing }) =>
    gradient_checkpointing ? undefined : { label: 'Turn on', changes: { gradient_checkpointing: true } },
  load_in_4bit: ({ load_in_4bit }) =>
    load_in_4bit ? undefined : { label: 'Turn on', changes: { load_in_4bit: true } },
  r: ({ r, lora_alpha }) =>
    r > 4
      ? {
          label: `${formatCount(r)} → ${formatCount(half(r))}`,
          // As strong as before: what counts is lora_alpha / r.
          changes: { r: half(r), lora_alpha: (lora_alpha * half(r)) / r },
        }
      : undefined,
};

/** Advice with a change to press beside each line that names a setting; the first that a line names counts. */
export function suggestionsOf(advice: readonly string[], values: TrainSettings): readonly Suggestion[] {
  return advice.map((text) => {
    const named = Object.keys(changeOf)
      .map((name) => ({ name, at: text.search(new RegExp(`(?<![\\w])${name}(?![\\w])`)) }))
      .filter(({ at }) => at >= 0)
      .toSorted((a, b) => a.at - b.at);
    return { text, ...(named[0] && changeOf[named[0].name]?.(values)) };
  });
}
