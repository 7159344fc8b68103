import type { TrainSettings } from '../../core/settings/settings';

/** A line of advice, with the settings that it tells to change. */
export interface Suggestion {
  readonly text: string;
  /** Absent where the line names none. */
  readonly changes?: Partial<TrainSettings>;
}

const assignment = /\b([a-z]\w*) = (true|false|float16|float32|auto|\d+)\b/g;

/** Advice as the engine words it ("max_seq_length = 512: 1.2 GB in all."), with what pressing it would change. */
export function suggestionsOf(advice: readonly string[], values: TrainSettings): readonly Suggestion[] {
  return advice.map((text) => {
    const named = [...text.matchAll(assignment)].flatMap(([, name = '', value = '']) =>
      name in values ? [[name, valueOf(value)] as const] : [],
    );
    if (named.length === 0) return { text };
    const changes: Partial<TrainSettings> = Object.fromEntries(named);
    const { r } = changes;
    // As strong as before: what counts is lora_alpha / r.
    return {
      text,
      changes: r === undefined ? changes : { lora_alpha: (values.lora_alpha * r) / values.r, ...changes },
    };
  });
}

function valueOf(text: string): boolean | number | string {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}
