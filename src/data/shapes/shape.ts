import { Float, type LosslessFields, type LosslessJson } from '../../core/lossless_json';
import type { Tags } from '../../core/settings/sources';
import type { JudgedSample, Refused, Sample } from '../messages';

/** The content of a record: something to learn, or answers that were compared or judged. */
export type RecordSample = Sample | JudgedSample;

/** A known form of records. Columns that are null, or NaN as pandas writes it, count as absent. */
export interface RecordShape {
  /** @param given the names of all columns, the absent ones too */
  matches(record: LosslessFields, given: ReadonlySet<string>): boolean;
  read(record: LosslessFields, context: RecordContext): RecordSample | Refused;
}

export interface RecordContext {
  /** The names of all columns, the absent ones too. */
  readonly given: ReadonlySet<string>;
  /** The names within a list of messages. */
  readonly tags: Tags;
}

export function isAbsent(value: LosslessJson | undefined): boolean {
  return value === null || value === undefined || (value instanceof Float && Number.isNaN(value.value));
}

/** The names that a record has a value for, each in quotes. */
export function presentIn(record: LosslessFields, names: readonly string[]): readonly string[] {
  return names.filter((name) => record[name] !== undefined).map((name) => `“${name}”`);
}

/** The record without some of its columns. */
export function without(record: LosslessFields, names: readonly string[]): LosslessFields {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}
