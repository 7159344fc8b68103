import type { FileReader } from '../core/file_reader';
import type { Fault } from './files/fault';
import type { LosslessJson } from '../core/lossless_json';
import { entriesOf } from './files/formats';
import type { Sample } from './messages';
import { sampleOf } from './shapes';

export type { Message, Sample } from './messages';

/** A record of a file of examples. */
export interface DataRecord {
  /** Name of the file it came from. */
  readonly file: string;
  /** Its number within the file, from 1. */
  readonly record: number;
  /** The line of its beginning in the file, from 1, if it is known. */
  readonly line?: number | undefined;
  /** The record as its file has it. */
  readonly value: LosslessJson;
  readonly sample: Sample;
}

/** Something in a person's data that can't be used. */
export interface Problem extends Fault {
  readonly file: string;
  /** Number of the record within the file, from 1; absent if the problem is the whole file's. */
  readonly record?: number;
}

/**
 * The records of a file in order. Reads a part of the file at a time. A record that can't be used becomes a problem and
 * does not stop the others.
 *
 * @throws DataFault if the file can't be used; possibly only after some of its records
 */
export async function* recordsOf(file: FileReader): AsyncGenerator<DataRecord | Problem, void, void> {
  let number = 0;
  for await (const entry of entriesOf(file)) {
    const place = { file: file.name, record: ++number };
    if ('fault' in entry) {
      yield { ...place, ...entry.fault };
      continue;
    }
    const { value, line } = entry;
    const sample = sampleOf(value);
    if ('kind' in sample) yield { ...place, line, value, sample };
    else yield { ...place, code: sample.code ?? 'record_invalid', reason: sample.reason, line };
  }
}
