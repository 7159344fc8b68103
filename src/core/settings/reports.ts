import { message } from '../messages/message';
import { NONE, type Kind } from './kind';

/** The forms in which a run's numbers are written for other programs. */
export const REPORT_NAMES = ['tensorboard', 'csv', 'jsonl'] as const;
export type ReportName = (typeof REPORT_NAMES)[number];

const ALL = 'all';

/** Programs that transformers names, and the form that they can read. */
const READERS: Readonly<Record<string, ReportName>> = {
  wandb: 'tensorboard',
  swanlab: 'tensorboard',
  trackio: 'csv',
};

/** A list of forms, as transformers' `report_to`: a name, several between commas, "all" or "none". */
export function reports(): Kind<readonly ReportName[]> {
  return {
    range: message('range_reports', { names: REPORT_NAMES, readers: Object.keys(READERS), none: NONE }),
    control: { type: 'text', examples: [NONE, ALL, ...REPORT_NAMES] },
    read: (value) => {
      const list: unknown[] = Array.isArray(value) ? value : [value];
      const given = list.length === 1 ? severalOf(list[0]) : list;
      const read = given.map((each) => REPORT_NAMES.find((name) => name === formOf(each)));
      if (read.includes(undefined)) return undefined;
      return { value: REPORT_NAMES.filter((name) => read.includes(name)) };
    },
    fromText: (text) => {
      const parts = text.split(',').map((part) => part.trim());
      return parts.length === 1 ? severalOf(parts[0] || NONE) : parts;
    },
    toText: (value) => (value.length === 0 ? NONE : value.join(',')),
  };
}

/** The forms that one word stands for. */
function severalOf(word: unknown): readonly unknown[] {
  if (word === NONE) return [];
  return word === ALL ? REPORT_NAMES : [word];
}

function formOf(name: unknown): unknown {
  return typeof name === 'string' && Object.hasOwn(READERS, name) ? READERS[name] : name;
}
