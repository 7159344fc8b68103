import { TunesmithError } from '../../core/errors';
import { losslessText, type LosslessFields } from '../../core/lossless_json';
import { message } from '../../core/messages/message';
import type { Sample } from '../../data/records';
import type { ChatMessage } from '../chat/chats';
import type { RowQuery } from '../data/row_table';
import { pairsIn, withoutThoughts } from './answer_json';
import type { JobOptions, WritingJob, WrittenRow } from './job';
import { prefixJobs, type PrefixTask } from './prefixes';
import { chunksOf } from './chunks';
import { filled, linesIn } from './words';
import type { Completion } from './writer';

/** The form of answers that become rows. */
const FORM = '[{"question": "…", "answer": "…"}]';

/** A given prompt, with the form of the answer if it has one. */
export function givenPrompt(
  task: WritingTaskKind,
  prompts: Readonly<Record<WritingTaskKind, string>>,
): string {
  return task === 'answers' || task === 'prefixes' ? prompts[task] : `${prompts[task]}\n${FORM}`;
}

/** Something that a model can write, with its inputs. */
export type WritingTask =
  /** Variations of the rows with one question and one answer that a query finds and that training learns. */
  | { readonly kind: 'variations'; readonly query: RowQuery }
  /** Answers to questions, one a line. */
  | { readonly kind: 'answers'; readonly questions: string }
  | PrefixTask
  /** Pairs of a question and an answer from documents: a text, or the rows that are plain texts. */
  | {
      readonly kind: 'pairs';
      readonly document: string | undefined;
      /** Most characters of a part. */
      readonly chunk: number;
    };

export type WritingTaskKind = WritingTask['kind'];

/**
 * The requests of a task.
 *
 * @param samples the rows that a query finds
 * @throws TunesmithError `writing_…` if there is nothing to ask
 */
export async function jobsOf(
  task: WritingTask,
  { prompt, count, most }: JobOptions,
  samples: (query: RowQuery) => AsyncIterable<Sample>,
): Promise<readonly WritingJob[]> {
  if (prompt.trim() === '') throw new TunesmithError({ code: 'writing_prompt_empty' });
  const field = task.kind === 'pairs' ? 'document' : 'question';
  if (!prompt.includes(`{${field}}`))
    throw new TunesmithError({ code: 'writing_prompt_field', values: { field } });
  const jobs: WritingJob[] = [];
  const words = (fields: Readonly<Record<string, string | number>>): readonly ChatMessage[] => [
    { role: 'user', content: filled(prompt, { count, ...fields }) },
  ];
  if (task.kind === 'variations') {
    for await (const sample of samples(task.query)) {
      if (jobs.length >= most) break;
      const pair = singlePair(sample);
      if (pair) jobs.push({ messages: words(pair), rows: (completion) => pairRows(completion, count, pair) });
    }
    if (jobs.length === 0) throw new TunesmithError({ code: 'writing_rows_missing' });
  } else if (task.kind === 'prefixes') {
    jobs.push(...(await prefixJobs(task, { prompt, most }, samples)));
    if (jobs.length === 0) throw new TunesmithError({ code: 'writing_questions_missing' });
  } else if (task.kind === 'answers') {
    for (const question of linesIn(task.questions)) {
      jobs.push({ messages: words({ question }), rows: (completion) => answerRow(completion, question) });
    }
    if (jobs.length === 0) throw new TunesmithError({ code: 'writing_questions_missing' });
  } else {
    for await (const document of documentsOf(task.document, samples)) {
      for (const chunk of chunksOf(document, task.chunk)) {
        jobs.push({
          messages: words({ document: chunk }),
          rows: (completion) => pairRows(completion, count),
        });
      }
      if (jobs.length >= most) break;
    }
    if (jobs.length === 0) throw new TunesmithError({ code: 'writing_documents_missing' });
  }
  return jobs.slice(0, most);
}

async function* documentsOf(
  document: string | undefined,
  samples: (query: RowQuery) => AsyncIterable<Sample>,
): AsyncGenerator<string, void, void> {
  if (document !== undefined) yield document;
  else for await (const sample of samples({})) if (sample.kind === 'text') yield sample.text;
}

/** The texts of a conversation of one question and one answer. */
type Pair = { readonly question: string; readonly answer: string; readonly system?: string };

function singlePair(sample: Sample): Pair | undefined {
  if (sample.kind !== 'chat' || sample.tools !== undefined) return undefined;
  const [first] = sample.messages;
  const system = first?.role === 'system' ? first.content : undefined;
  const [user, assistant, ...more] = sample.messages.slice(system === undefined ? 0 : 1);
  if (user?.role !== 'user' || assistant?.role !== 'assistant' || more.length > 0) return undefined;
  return { question: user.content, answer: assistant.content, ...(system !== undefined && { system }) };
}

function answerRow({ text, isCut, broken }: Completion, question: string): ReturnType<WritingJob['rows']> {
  const answer = withoutThoughts(text);
  if (isCut) return { rows: [], problem: message('answer_cut') };
  if (broken) return { rows: [], problem: broken };
  if (answer === '') return { rows: [], problem: message('written_empty') };
  return { rows: [rowOf({ question, answer })] };
}

/** @param from the row that the pairs are variations of: its answer stands where one is missing, and its system message stays */
function pairRows(
  { text, isCut, broken }: Completion,
  count: number,
  from?: Pair,
): ReturnType<WritingJob['rows']> {
  const rows = pairsIn(text)
    .slice(0, count)
    .flatMap(({ question, answer = from?.answer }) =>
      answer === undefined || (question === from?.question && answer === from.answer)
        ? []
        : [rowOf({ question, answer, ...(from?.system && { system: from.system }) })],
    );
  if (rows.length >= count) return { rows };
  if (isCut) return { rows, problem: message('answer_cut') };
  if (broken) return { rows, problem: broken };
  if (rows.length > 0) return { rows, problem: message('answer_fewer') };
  return { rows, problem: message(withoutThoughts(text) === '' ? 'written_empty' : 'answer_no_json') };
}

function rowOf({ question, answer, system }: Pair): WrittenRow {
  const value: LosslessFields = {
    instruction: question,
    output: answer,
    ...(system !== undefined && { system }),
  };
  return { json: losslessText(value), texts: [question, answer] };
}
