import { message, type Message } from '../../core/messages/message';
import type { CleaningStep } from '../../core/settings/cleaning';

/** The place of a row in the files. */
export interface CleaningPlace {
  readonly file: string;
  /** Its number within the file, from 1. */
  readonly record: number;
}

/** A row that a step changed or dropped. */
export interface CleaningExample extends CleaningPlace {
  /** A part of its text, as the step found it. */
  readonly before: string;
  /** The same part after the step; absent if the row is dropped. */
  readonly after?: string;
  /** The earlier row that it is like. */
  readonly like?: CleaningPlace;
}

/** The effect of a step. A row that is dropped counts for the dropping step alone. */
export interface StepReport {
  readonly step: CleaningStep;
  /** Rows that are kept and changed. */
  readonly changed: number;
  readonly dropped: number;
  /** The first few. */
  readonly examples: readonly CleaningExample[];
}

/** The effect of all steps that are on, in their order. */
export interface CleaningReport {
  /** Rows that were read: those that are kept and those that are dropped. */
  readonly rows: number;
  readonly kept: number;
  /** Rows that are kept and changed, by one step or several. */
  readonly changed: number;
  readonly steps: readonly StepReport[];
}

/** The counts of a step. */
export function cleaningMessage({ step, changed, dropped }: StepReport): Message {
  return message('cleaning_step', { step, changed, dropped });
}
