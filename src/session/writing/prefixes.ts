import { losslessText, type LosslessFields } from '../../core/lossless_json';
import { message } from '../../core/messages/message';
import { shuffle } from '../../core/random';
import type { Sample } from '../../data/records';
import type { ChatMessage } from '../chat/chats';
import type { RowQuery } from '../data/row_table';
import type { JobOptions, WritingJob } from './job';
import { filled, linesIn } from './words';
import type { Completion } from './writer';

/**
 * UPFT (arXiv 2503.02875): the first tokens of the model's own answer to each question, with the prompt as the question that
 * is learnt; for a share of the questions the whole answer, with the question as it is.
 */
export interface PrefixTask {
  readonly kind: 'prefixes';
  /** One a line; undefined for those of the rows that the query finds. */
  readonly questions: string | undefined;
  readonly query: RowQuery;
  /** Tokens of the beginning of an answer. */
  readonly tokens: number;
  /** The share of the questions whose whole answer is learnt, 0 to 1. */
  readonly whole: number;
  /** Decides for which questions. */
  readonly seed: number;
}

interface Asked {
  readonly question: string;
  readonly system?: string;
}

/**
 * The requests of UPFT: each question as it is. Of most answers only the first tokens are written, and learnt as the
 * answer to the question within the prompt, which asks for a first step. A random share of the questions is answered whole
 * and learnt without it. Nothing is judged or filtered.
 */
export async function prefixJobs(
  { questions, query, tokens, whole, seed }: PrefixTask,
  { prompt, most }: Pick<JobOptions, 'prompt' | 'most'>,
  samples: (query: RowQuery) => AsyncIterable<Sample>,
): Promise<readonly WritingJob[]> {
  const found =
    questions === undefined
      ? await questionsIn(samples(query), most)
      : Array.from(linesIn(questions), (question): Asked => ({ question })).slice(0, most);
  const answeredWhole = new Set(shuffle(found.length, seed, 0).slice(0, Math.round(whole * found.length)));
  return found.map((asked, index): WritingJob => {
    const messages = [...systemOf(asked), { role: 'user', content: asked.question } as const];
    if (answeredWhole.has(index)) {
      return { messages, remark: 'UPFT', rows: (completion) => wholeRow(completion, messages) };
    }
    const learnt = filled(prompt, { question: asked.question });
    const prompted = [...systemOf(asked), { role: 'user', content: learnt } as const];
    return {
      messages,
      tokens,
      remark: `UPFT-${tokens}`,
      rows: (completion) => prefixRow(completion, prompted),
    };
  });
}

/** The different questions of conversations with a single one. */
async function questionsIn(samples: AsyncIterable<Sample>, most: number): Promise<readonly Asked[]> {
  const found = new Map<string, Asked>();
  for await (const sample of samples) {
    if (found.size >= most) break;
    if (sample.kind !== 'chat' || sample.tools !== undefined) continue;
    const asked = sample.messages.filter(({ role }) => role !== 'assistant');
    const system = asked.find(({ role }) => role === 'system')?.content;
    const [question, ...more] = asked.filter(({ role }) => role !== 'system');
    if (question?.role !== 'user' || more.length > 0) continue;
    const { content } = question;
    found.set(content, { question: content, ...(system !== undefined && { system }) });
  }
  return [...found.values()];
}

function systemOf({ system }: Asked): readonly ChatMessage[] {
  return system === undefined ? [] : [{ role: 'system', content: system }];
}

/** An answer that ended within its first tokens is whole, so its end is learnt. */
function prefixRow(
  { text, isCut, broken }: Completion,
  messages: readonly ChatMessage[],
): ReturnType<WritingJob['rows']> {
  if (broken) return { rows: [], problem: broken };
  return rowOf(messages, text, isCut);
}

function wholeRow(
  { text, isCut, broken }: Completion,
  messages: readonly ChatMessage[],
): ReturnType<WritingJob['rows']> {
  if (isCut) return { rows: [], problem: message('answer_cut') };
  if (broken) return { rows: [], problem: broken };
  return rowOf(messages, text, false);
}

function rowOf(
  messages: readonly ChatMessage[],
  answer: string,
  isPrefix: boolean,
): ReturnType<WritingJob['rows']> {
  // The first bytes of a character, without its last ones, are no text.
  const content = isPrefix ? answer.replace(/\uFFFD+$/u, '') : answer;
  if (content.trim() === '') return { rows: [], problem: message('written_empty') };
  const written: LosslessFields = { role: 'assistant', content, ...(isPrefix && { prefix: true }) };
  const given = messages.map(({ role, content: text }): LosslessFields => ({ role, content: text }));
  const json = losslessText({ messages: [...given, written] });
  return { rows: [{ json, texts: [messages.at(-1)?.content ?? '', content] }] };
}
