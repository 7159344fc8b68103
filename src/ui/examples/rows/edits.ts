import type { LosslessJson } from '../../../core/lossless_json';
import type { AddedRecord, Edits, RecordEdit } from '../../../worker/protocol';

export const NO_EDITS: Edits = { records: [], added: [] };

/** The name of the file of edits among the chosen files. */
export const EDITS_FILE = 'changes.jsonl';

/** A record of the table: of a file, or an added one, which is of the file of edits. */
export interface EditedRow {
  readonly file: string;
  readonly record: number;
}

/** A change of a row; undefined takes a former change back. */
export type RowChange = Partial<Pick<RecordEdit, 'exclude' | 'evaluate' | 'value'>>;

/** The edits with another change of a row. A row that is as its file has it needs no edit. */
export function withChange(edits: Edits, row: EditedRow, change: RowChange): Edits {
  if (row.file === EDITS_FILE) return { ...edits, added: changedAdded(edits.added, row.record - 1, change) };
  const isRow = ({ file, record }: EditedRow): boolean => file === row.file && record === row.record;
  const { file, record } = row;
  const edit = withoutGaps({ ...edits.records.find(isRow), file, record, ...change });
  const others = edits.records.filter((each) => !isRow(each));
  const isEmpty = Object.keys(edit).length === 2;
  return { ...edits, records: isEmpty ? others : [...others, edit] };
}

/** Leaving out an added row removes it. */
function changedAdded(
  added: readonly AddedRecord[],
  index: number,
  { exclude, ...change }: RowChange,
): readonly AddedRecord[] {
  if (exclude) return added.filter((_, at) => at !== index);
  return added.map((each, at) => (at === index ? withoutGaps({ ...each, ...change }) : each));
}

export function withAdded(edits: Edits, ...records: readonly AddedRecord[]): Edits {
  return { ...edits, added: [...edits.added, ...records] };
}

/** The edits with proposed rows accepted. @param records their numbers in the file of edits, from 1 */
export function withAccepted(edits: Edits, records: readonly number[]): Edits {
  const accepted = new Set(records);
  const added = edits.added.map((each, at) =>
    accepted.has(at + 1) ? withoutGaps({ ...each, proposed: undefined }) : each,
  );
  return { ...edits, added };
}

/** The edits without these added rows. @param records their numbers in the file of edits, from 1 */
export function withoutAdded(edits: Edits, records: readonly number[]): Edits {
  const thrown = new Set(records);
  return { ...edits, added: edits.added.filter((_, at) => !thrown.has(at + 1)) };
}

/** Without properties that are undefined. */
function withoutGaps<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

/** How many rows are changed, left out, held out and added. */
export function countsOf({ records, added }: Edits): {
  readonly excluded: number;
  readonly edited: number;
  readonly evaluated: number;
  readonly added: number;
} {
  const count = (has: (edit: RecordEdit) => boolean): number => records.filter(has).length;
  return {
    excluded: count(({ exclude }) => exclude === true),
    edited: count(({ value }) => value !== undefined),
    evaluated: count(({ evaluate }) => evaluate === true),
    added: added.length,
  };
}

/** A text of a record, with the way to it: names of columns and numbers of items. */
export interface RecordText {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** The way to a text, for people: `messages › 2 › content`. Numbers count from 1. */
export function pathText(path: RecordText['path']): string {
  return path.map((part) => (typeof part === 'number' ? `${part + 1}` : part)).join(' › ');
}

/** All texts of a record that a person can change, in their order. */
export function textsOf(value: LosslessJson, path: RecordText['path'] = []): readonly RecordText[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) {
    return (value as readonly LosslessJson[]).flatMap((item, index) => textsOf(item, [...path, index]));
  }
  return fieldEntries(value).flatMap(([key, field]) => textsOf(field, [...path, key]));
}

/** The record with another text at a path. */
export function withText(
  value: LosslessJson,
  [key, ...rest]: RecordText['path'],
  text: string,
): LosslessJson {
  if (key === undefined) return text;
  if (Array.isArray(value)) {
    return (value as readonly LosslessJson[]).map((item, index) =>
      index === key ? withText(item, rest, text) : item,
    );
  }
  const entries = fieldEntries(value).map(
    ([name, field]) => [name, name === key ? withText(field, rest, text) : field] as const,
  );
  return value instanceof Map ? new Map(entries) : Object.fromEntries(entries);
}

function fieldEntries(value: LosslessJson): readonly (readonly [string, LosslessJson])[] {
  if (value instanceof Map) return [...(value as ReadonlyMap<string, LosslessJson>)];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return value.constructor === Object ? Object.entries(value as Record<string, LosslessJson>) : [];
}
