import type { FileReader } from '../core/file_reader';
import type { Fault } from './files/fault';
import type { Entry } from './files/format';
import type { LosslessJson } from '../core/lossless_json';
import { entriesOf, type EntriesOptions } from './files/formats';
import { sampleOf, type Mapping } from './shapes';
import type { RecordSample } from './shapes/shape';

export type { Message, Sample } from './messages';

/** The place of a record in a file of examples. */
export interface RecordPlace {
  /** Name of the file it came from. */
  readonly file: string;
  /** Its number within the file, from 1. */
  readonly record: number;
  /** The line of its beginning in the file, from 1, if it is known. */
  readonly line?: number | undefined;
}

/** A record of a file of examples. */
export interface DataRecord extends RecordPlace {
  /** The record as its file has it. */
  readonly value: LosslessJson;
  readonly sample: RecordSample;
}

/** Something in a person's data that can't be used. */
export interface Problem extends Fault {
  readonly file: string;
  /** Number of the record within the file, from 1; absent if the problem is the whole file's. */
  readonly record?: number;
}

/** A record that can't be used. */
export interface RefusedRecord extends Problem, RecordPlace {
  readonly record: number;
  /** The record as its file has it; absent if it can't be parsed. */
  readonly value?: LosslessJson;
}

interface ReadingOptions extends EntriesOptions {
  /** How the file is read, and the names of its columns if they should not be recognised. */
  readonly options?: EntriesOptions['options'] & Mapping;
}

/**
 * The records of a file in order. Reads a part of the file at a time. A record that can't be used becomes a problem and
 * does not stop the others.
 *
 * @throws DataFault if the file can't be used; possibly only after some of its records
 */
export async function* recordsOf(
  file: FileReader,
  { options = {}, tell }: ReadingOptions = {},
): AsyncGenerator<DataRecord | RefusedRecord, void, void> {
  let number = 0;
  for await (const entry of entriesOf(file, { options, ...(tell && { tell }) })) {
    yield readEntry(entry, { file: file.name, record: ++number }, options);
  }
}

/** Reads the content of an entry of a file, or why it can't be used. */
export function readEntry(entry: Entry, place: RecordPlace, mapping: Mapping): DataRecord | RefusedRecord {
  if ('fault' in entry) return { ...place, ...entry.fault };
  return readRecord(entry.value, { ...place, line: entry.line }, mapping);
}

/** Reads the content of a record, or why it can't be used. @param mapping if its columns should not be recognised */
export function readRecord(
  value: LosslessJson,
  place: RecordPlace,
  mapping: Mapping,
): DataRecord | RefusedRecord {
  const sample = sampleOf(value, mapping);
  if ('kind' in sample) return { ...place, value, sample };
  return { ...place, value, code: sample.code ?? 'record_invalid', reason: sample.reason };
}
