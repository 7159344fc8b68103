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
  /** Forgets the rows from a number on. */
  truncate(rows: number): void;
}

export type StepWork = TextStep | SampleStep | RowsStep;

/** A step that only changes texts. */
export function textStep(change: TextChange): TextStep {
  return { over: 'texts', change };
}
