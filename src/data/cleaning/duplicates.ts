import { contentKey } from '../content_key';
import type { RowsStep } from './step';

/** Drops rows with the content of an earlier one. White space makes no difference. */
export function duplicatesStep(): RowsStep {
  const rows = new Map<number, number>();
  return {
    over: 'rows',
    earlier: (sample) => Promise.resolve(rows.get(contentKey(sample))),
    add: (sample, row) => rows.set(contentKey(sample), row),
    isNew: ({ content }) => !rows.has(content),
    addKnown: ({ content }, row) => rows.set(content, row),
    numbers: () => undefined,
    truncate: (count) => {
      for (const [key, row] of rows) if (row >= count) rows.delete(key);
    },
  };
}
