import { parseSlice, sliceText, type Slice } from '../../../../core/dataset_reference';

/** Rows that are offered at first: enough for a small fine-tuning. */
export const FIRST_ROWS = '1000';

/** The rows that a person has typed: a number of first ones, a range, or nothing for all; undefined if they are unclear. */
export function typedSlice(typed: string): Slice | undefined {
  const text = typed.trim().replace(/^\[|\]$/g, '');
  if (text === '') return { unit: 'rows' };
  return parseSlice(/^\d+%?$/.test(text) ? `[:${text}]` : `[${text}]`);
}

/** A slice as a person would type it. */
export function typedOf(slice: Slice | undefined): string {
  return sliceText(slice)
    .replace(/^\[|\]$/g, '')
    .replace(/^:(\d+%?)$/, '$1');
}
