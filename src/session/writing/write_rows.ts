import { classOf } from '../../core/error_codes';
import { describeError, TunesmithError } from '../../core/errors';
import type { Message } from '../../core/messages/message';
import { message } from '../../core/messages/message';
import { aboutPromptTokens, aboutTokens } from './cost';
import type { Proposal } from './proposal';
import type { WritingJob } from './job';
import type { Completion, Usage, Writer } from './writer';

/** Why answers became no rows, and how many. */
export interface WritingProblem {
  readonly reason: Message;
  readonly count: number;
}

/** The state of the work. */
export interface WritingProgress {
  /** Requests that were answered, and all of them. */
  readonly done: number;
  readonly all: number;
  /** Rows that were written. */
  readonly rows: number;
  /** Tokens so far, and whether some of them are estimated because the server tells none. */
  readonly usage: Usage;
  readonly isEstimated: boolean;
  readonly problems: readonly WritingProblem[];
}

export type WritingEvent =
  | { readonly kind: 'rows'; readonly proposals: readonly Proposal[] }
  | ({ readonly kind: 'progress' } & WritingProgress)
  /** The text of an answer that is being written. */
  | { readonly kind: 'text'; readonly text: string };

/**
 * Asks a model for rows, several requests at a time if it takes them. Rows that equal an earlier one are left out. A failure
 * of one request alone becomes a problem; any other ends the work, as does the signal: both reject, and the rows that have
 * arrived were passed on.
 */
export async function writeRows(
  jobs: readonly WritingJob[],
  writer: Writer,
  onEvent: (event: WritingEvent) => void,
  signal?: AbortSignal,
): Promise<WritingProgress> {
  const state = new State(jobs.length);
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const waiting = jobs.values();
  const work = async (): Promise<void> => {
    for (const job of waiting) {
      stop.throwIfAborted();
      const onText = (text: string): void => onEvent({ kind: 'text', text });
      try {
        const { messages, tokens } = job;
        const completion = await writer.complete(messages, { signal: stop, onText, tokens });
        const proposals = state.take(job, completion, writer.origin);
        if (proposals.length > 0) onEvent({ kind: 'rows', proposals });
      } catch (error) {
        if (!concernsOneRequest(error, state.progress.rows > 0)) throw error;
        state.refuse(error);
      }
      onEvent({ kind: 'progress', ...state.progress });
    }
  };
  const workers = Array.from({ length: Math.max(1, Math.min(writer.parallel, jobs.length)) }, work);
  try {
    await Promise.all(workers);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(workers);
    throw error;
  }
  return state.progress;
}

/** @param worked whether an earlier request worked: a refusal then has to do with the words of this one */
function concernsOneRequest(error: unknown, worked: boolean): error is TunesmithError {
  if (!(error instanceof TunesmithError)) return false;
  return ['input', 'fit'].includes(classOf(error.code)) || (worked && error.code === 'writer_refused');
}

class State {
  readonly #all: number;
  readonly #known = new Set<string>();
  readonly #problems = new Map<string, { reason: Message; count: number }>();
  #usage: Usage = { promptTokens: 0, answerTokens: 0 };
  #isEstimated = false;
  #done = 0;

  constructor(all: number) {
    this.#all = all;
  }

  get progress(): WritingProgress {
    return {
      done: this.#done,
      all: this.#all,
      rows: this.#known.size,
      usage: this.#usage,
      isEstimated: this.#isEstimated,
      problems: [...this.#problems.values()].map((problem) => ({ ...problem })),
    };
  }

  /** The rows in an answer that are new. */
  take(job: WritingJob, completion: Completion, origin: string): readonly Proposal[] {
    this.#done++;
    this.#count(job, completion);
    const { rows, problem } = job.rows(completion);
    if (problem) this.#note(problem);
    if (completion.note) this.#note(completion.note);
    return rows.flatMap((row) => {
      const key = JSON.stringify(row.texts);
      if (this.#known.has(key)) {
        this.#note(message('answer_repeats'));
        return [];
      }
      this.#known.add(key);
      return [{ ...row, origin: job.remark === undefined ? origin : `${origin} (${job.remark})` }];
    });
  }

  refuse(error: TunesmithError): void {
    this.#done++;
    const { code, values } = describeError(error);
    this.#note({ code, values });
  }

  #count(job: WritingJob, { usage, text }: Completion): void {
    if (!usage) this.#isEstimated = true;
    const { promptTokens, answerTokens } = usage ?? {
      promptTokens: aboutPromptTokens(job),
      answerTokens: aboutTokens(text),
    };
    this.#usage = {
      promptTokens: this.#usage.promptTokens + promptTokens,
      answerTokens: this.#usage.answerTokens + answerTokens,
    };
  }

  #note(reason: Message): void {
    const known = this.#problems.get(reason.code);
    if (known) known.count++;
    else this.#problems.set(reason.code, { reason, count: 1 });
  }
}
