import { CLEANING_STEPS, type CleaningStep } from '../../core/settings/cleaning';

/** The row is a conversation. */
export const CONVERSATION = 1;
/** No special token ends its text or an answer. */
export const ENDLESS = 2;
/** It adds more to the reports than these marks tell, so a later reading has to make it again. */
export const REMADE = 4;
const FIRST_STEP = 8;

/** The share of a learnt row in the counts, as a number. */
export function marksOf(row: {
  readonly isConversation: boolean;
  readonly isEndless: boolean;
  readonly isRemade: boolean;
  readonly changedBy: readonly CleaningStep[];
}): number {
  const steps = row.changedBy.reduce((bits, step) => bits | (FIRST_STEP << CLEANING_STEPS.indexOf(step)), 0);
  return (
    steps |
    (row.isConversation ? CONVERSATION : 0) |
    (row.isEndless ? ENDLESS : 0) |
    (row.isRemade ? REMADE : 0)
  );
}

/** The steps of the cleaning that change the row. */
export function stepsIn(marks: number): readonly CleaningStep[] {
  if (marks < FIRST_STEP) return [];
  return CLEANING_STEPS.filter((_, index) => (marks & (FIRST_STEP << index)) !== 0);
}
