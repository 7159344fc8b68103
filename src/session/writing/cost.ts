import type { WritingJob } from './job';
import type { Usage } from './writer';

/** The size of the work before it begins. */
export interface WritingEstimate {
  readonly requests: number;
  /** About the tokens of all prompts. */
  readonly promptTokens: number;
  /** Most tokens of all answers. */
  readonly answerTokens: number;
}

/** Characters of a token in scripts of letters, and about the tokens around a message. */
const LETTERS = 4;
const AROUND = 8;

/**
 * About how many tokens a text has, for whatever tokenizer: one for each Chinese, Japanese or Korean character and one for
 * four others.
 */
export function aboutTokens(text: string): number {
  const wide =
    text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu)?.length ?? 0;
  return wide + Math.ceil((text.length - wide) / LETTERS);
}

export function estimateOf(jobs: readonly WritingJob[], maxTokens: number): WritingEstimate {
  const promptTokens = jobs.reduce((sum, job) => sum + aboutPromptTokens(job), 0);
  const answerTokens = jobs.reduce((sum, { tokens = maxTokens }) => sum + Math.min(tokens, maxTokens), 0);
  return { requests: jobs.length, promptTokens, answerTokens };
}

export function aboutPromptTokens({ messages }: Pick<WritingJob, 'messages'>): number {
  return messages.reduce((sum, { content }) => sum + AROUND + aboutTokens(content), 0);
}

/** Prices of a million tokens, in whatever currency. */
export interface Prices {
  readonly prompt: number;
  readonly answer: number;
}

export function costOf({ promptTokens, answerTokens }: Usage, { prompt, answer }: Prices): number {
  return (promptTokens * prompt + answerTokens * answer) / 1e6;
}
