import type { FileReader } from '../../core/file_reader';
import { losslessText, type LosslessJson } from '../../core/lossless_json';
import type { SourceOptions } from '../../core/settings/sources';
import type { AddedRecord, RecordEdit } from '../../data/edits';
import type { DataFault } from '../../data/files/fault';

/** A file of examples with its options. */
export interface DataSource {
  readonly file: FileReader;
  readonly options: SourceOptions;
  /** Changes of its records. */
  readonly edits: ReadonlyMap<number, RecordEdit>;
  /** Set for a file of edits: the records that it adds, or why it can't be read. */
  readonly added?: readonly AddedRecord[] | DataFault;
}

/** The records that a file of edits adds; undefined for a file of records. */
export function addedIn({ added }: DataSource): readonly AddedRecord[] | undefined {
  return Array.isArray(added) ? (added as readonly AddedRecord[]) : undefined;
}

/** Whether two sources have the same records before the person's changes: the same file, or both are files of edits. */
export function haveSameRecords(one: DataSource, other: DataSource): boolean {
  if (one.added || other.added) return addedIn(one) !== undefined && addedIn(other) !== undefined;
  return one.file === other.file;
}

/** The records that the person changed in one of two sources otherwise than in the other. */
export function changedRecords(one: DataSource, other: DataSource): ReadonlySet<number> {
  const [ones, others] = [changesOf(one), changesOf(other)];
  const records = new Set([...ones.keys(), ...others.keys()]);
  return new Set([...records].filter((record) => ones.get(record) !== others.get(record)));
}

/** The changes of each record as a text. An added record is a change too. */
function changesOf(source: DataSource): ReadonlyMap<number, string> {
  const texts = new Map(Array.from(source.edits, ([record, edit]) => [record, textOf(edit)]));
  for (const [index, each] of (addedIn(source) ?? []).entries()) {
    texts.set(index + 1, `${textOf(each)} ${texts.get(index + 1) ?? ''}`);
  }
  return texts;
}

function textOf(edit: AddedRecord | RecordEdit): string {
  return losslessText(edit as unknown as LosslessJson);
}
