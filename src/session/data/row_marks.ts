import { CLEANING_STEPS, type CleaningStep } from '../../core/settings/cleaning';

/** The row is a conversation. */
export const CONVERSATION = 1;
/** No special token ends its text or an answer. */
export const ENDLESS = 2;
/** It adds more to the reports than these marks tell, so a later reading has to make it again. */
export const REMADE = 4;
const FIRST_STEP = 8;
/** The bits from this one on count the questions of a conversation. */
const QUESTIONS_BIT = 20;
const MOST_QUESTIONS = 2 ** (32 - QUESTIONS_BIT) - 1;

/** The share of a learnt row in the counts, as a number. */
export function marksOf(row: {
  readonly isConversation: boolean;
  readonly isEndless: boolean;
  readonly isRemade: boolean;
  readonly changedBy: readonly CleaningStep[];
  readonly questions: number;
}): number {
  const steps = row.changedBy.reduce((bits, step) => bits | (FIRST_STEP << CLEANING_STEPS.indexOf(step)), 0);
  const questions = Math.min(row.questions, MOST_QUESTIONS) << QUESTIONS_BIT;
  const is = (row.isConversation ? CONVERSATION : 0) | (row.isEndless ? ENDLESS : 0);
  return (questions | steps | is | (row.isRemade ? REMADE : 0)) >>> 0;
}

/** How many questions a conversation has, or a very large number; 0 for a text. */
export function questionsIn(marks: number): number {
  return marks >>> QUESTIONS_BIT;
}

/** The steps of the cleaning that change the row. */
export function stepsIn(marks: number): readonly CleaningStep[] {
  return CLEANING_STEPS.filter((_, index) => (marks & (FIRST_STEP << index)) !== 0);
}
