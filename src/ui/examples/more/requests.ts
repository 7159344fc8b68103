import {
  givenPrompt,
  type AugmentRequest,
  type RowQuery,
  type TechniqueName,
  type WritingRequest,
  type WritingTaskKind,
} from '../../../worker/protocol';
import type { ServiceState } from './service.svelte';

/** The changes of rows. */
export interface ChangeForm {
  on: Record<TechniqueName, boolean>;
  /** One a line; undefined for the given ones. */
  templates: string | undefined;
  synonyms: string;
  /** The part of the words that is changed. */
  percent: number;
  copies: number;
  most: number;
  seed: number;
  texts: boolean;
  /** Whether only the rows are changed that the table shows. */
  onlyShown: boolean;
}

/** The task of a model that writes. */
export interface WriteForm {
  task: WritingTaskKind;
  writer: 'base' | 'tuned' | 'service';
  questions: string;
  /** For `prefixes`: whether these questions are asked, and not those of the rows. */
  ownQuestions: boolean;
  /** Tokens of the beginning of an answer. */
  prefixTokens: number;
  /** Of 100 questions, those that are answered whole. */
  wholePercent: number;
  /** Undefined for the plain texts among the examples. */
  document: string | undefined;
  /** The visitor's own prompts. */
  prompts: Partial<Record<WritingTaskKind, string>>;
  /** Rows a request. */
  count: number;
  /** Most requests. */
  most: number;
  /** Most characters of a part of a document. */
  chunk: number;
  onlyShown: boolean;
  maxTokens: number;
  temperature: number;
  parallel: number;
  perMinute: number;
  /** For a million tokens. */
  promptPrice: number | undefined;
  answerPrice: number | undefined;
}

/** @param given templates to use if the visitor has none of their own */
export function augmentRequest(form: ChangeForm, query: RowQuery, given: readonly string[]): AugmentRequest {
  const { on, percent, copies, most, seed, texts, onlyShown } = form;
  const share = percent / 100;
  const templates = form.templates?.split('\n') ?? given;
  return {
    query: onlyShown ? query : {},
    techniques: {
      ...(on.templates && { templates: { templates } }),
      ...(on.synonyms && { synonyms: { share, synonyms: form.synonyms } }),
      ...(on.typos && { typos: { share } }),
      ...(on.deletion && { deletion: { share } }),
      ...(on.swap && { swap: { share } }),
    },
    copies,
    most,
    seed,
    texts,
  };
}

/** The prompt of a task: the visitor's own, or the given one with the form of the answer. */
export function promptOf(
  { prompts, task }: Pick<WriteForm, 'prompts' | 'task'>,
  given: Readonly<Record<WritingTaskKind, string>>,
): string {
  return prompts[task] ?? givenPrompt(task, given);
}

/**
 * @param prompts those to use if the visitor has none of their own
 * @param seed of an open model, which writes the same rows with the same seed
 */
export function writingRequest(
  form: WriteForm,
  { address, model, key }: Pick<ServiceState, 'address' | 'model' | 'key'>,
  query: RowQuery,
  prompts: Readonly<Record<WritingTaskKind, string>>,
  seed: number,
): WritingRequest {
  const { task, writer, count, most, maxTokens, temperature, parallel, perMinute } = form;
  const length = { maxTokens, temperature };
  return {
    task: taskOf(form, query, seed),
    prompt: promptOf(form, prompts),
    count: task === 'answers' || task === 'prefixes' ? 1 : count,
    most,
    writer:
      writer === 'service'
        ? { kind: 'endpoint', address, model: model.trim(), key, parallel, perMinute, ...length }
        : { kind: 'model', side: writer, seed, ...length },
  };
}

function taskOf(
  { task, questions, ownQuestions, prefixTokens, wholePercent, document, chunk, onlyShown }: WriteForm,
  query: RowQuery,
  seed: number,
): WritingRequest['task'] {
  const rows = onlyShown ? query : {};
  if (task === 'answers') return { kind: 'answers', questions };
  if (task === 'pairs') return { kind: 'pairs', document, chunk };
  if (task === 'prefixes') {
    const own = ownQuestions ? questions : undefined;
    return {
      kind: 'prefixes',
      questions: own,
      query: rows,
      tokens: prefixTokens,
      whole: wholePercent / 100,
      seed,
    };
  }
  return { kind: 'variations', query: rows };
}
