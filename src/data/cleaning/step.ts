import type { Sample } from '../messages';

/** Gives a text as it should be: itself if nothing is wrong with it. */
export type TextChange = (text: string) => string;

/** A step that changes texts. */
export interface TextStep {
  readonly over: 'texts';
  readonly change: TextChange;
  /** Whether a row with this text is dropped, once no step changes it any more. */
  readonly isDropped?: (text: string) => boolean;
  /** Whether it also changes the texts within the arguments of calls. */
  readonly inCalls?: true;
}

/** A step that drops rows by their own content. */
export interface SampleStep {
  readonly over: 'sample';
  isDropped(sample: Sample): boolean;
}

/** A row that a former step with the same options kept. */
export interface KnownRow {
  /** Its content key. */
  readonly content: number;
  /** The numbers that the former step has of it. */
  readonly numbers: Uint32Array | undefined;
}

/** A step that drops rows that are like an earlier one. It remembers those that were kept. */
export interface RowsStep {
  readonly over: 'rows';
  /**
   * The number of an earlier row like this sample, if there is one.
   *
   * @param read the content of an earlier row
   */
  earlier(sample: Sample, read: (row: number) => Promise<Sample>): Promise<number | undefined>;
  /** Remembers a row that is kept. */
  add(sample: Sample, row: number): void;
  /** Whether certainly no earlier row is like a row that was kept before, so that its content need not be read. */
  isNew(known: KnownRow): boolean;
  /** Remembers such a row. */
  addKnown(known: KnownRow, row: number): void;
  /** Numbers that the step has of a row that was added. */
  numbers(row: number): Uint32Array | undefined;
  /** Forgets the rows from a number on. */
  truncate(rows: number): void;
}

export type StepWork = TextStep | SampleStep | RowsStep;

/** A step that only changes texts. */
export function textStep(change: TextChange): TextStep {
  return { over: 'texts', change };
}
