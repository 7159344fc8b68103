import { boolean, number, object, optional, picklist, string } from 'valibot';
import type { WritingTaskKind } from '../../../worker/protocol';

const TASKS = ['variations', 'answers', 'prefixes', 'pairs'] satisfies WritingTaskKind[];

/** The form of a writing model as a reload keeps it: without the document and the writer. */
export const WriteDraft = object({
  task: picklist(TASKS),
  questions: string(),
  ownQuestions: boolean(),
  prefixTokens: number(),
  wholePercent: number(),
  prompts: object({
    variations: optional(string()),
    answers: optional(string()),
    prefixes: optional(string()),
    pairs: optional(string()),
  }),
  count: number(),
  most: number(),
  chunk: number(),
  onlyShown: boolean(),
  maxTokens: number(),
  temperature: number(),
  parallel: number(),
  perMinute: number(),
  promptPrice: optional(number()),
  answerPrice: optional(number()),
});
