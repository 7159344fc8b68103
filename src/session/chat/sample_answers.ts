import { answer } from '../../chat/answer';
import type { TrainSettings } from '../../core/settings/settings';
import type { Tokenizer } from '../../data/tokenizer';
import type { Generator } from '../../models/generation';
import type { Answer, TrainEvent } from '../../train/events';
import type { SampleHook } from '../../train/options';
import {
  fullLimits,
  limitsFor,
  roundSeconds,
  SAMPLE_TOKENS,
  type AnswerSpeed,
  type SampleLimits,
} from '../../train/samples';
import { conversationIds, GREEDY, type ChatContext } from './conversation';
import type { Dataset } from '../data/dataset';

/** A sample prompt as the model reads it. */
export interface SamplePrompt {
  readonly prompt: string;
  readonly ids: readonly number[];
}

export interface SampleContext extends Pick<ChatContext, 'stopIds'> {
  readonly tokenizer: Pick<Tokenizer, 'stream'>;
}

interface SampleParts {
  readonly generator: Pick<Generator, 'remember' | 'next' | 'likeliest' | 'logits' | 'room'>;
  readonly chat: SampleContext;
  readonly prompts: readonly SamplePrompt[];
  readonly run: {
    readonly steps: number;
    /** Expected seconds for the steps of the whole run; if undefined, answers have their full length. */
    readonly trainSeconds: number | undefined;
  };
  /** The limits of an earlier part of the run. */
  readonly kept: SampleLimits | undefined;
  /** A clock in milliseconds. */
  readonly now?: () => number;
}

/** The sample prompts of a run with these settings. */
export function samplePromptsOf(
  { sample_prompts }: Pick<TrainSettings, 'sample_prompts'>,
  { samplePrompts }: Pick<Dataset, 'samplePrompts'>,
): readonly string[] {
  return sample_prompts === 'examples' ? samplePrompts : sample_prompts;
}

/**
 * Tokenises prompts, and lists those that the model can't answer: too long for it, or refused by its chat template.
 *
 * @param room most tokens of prompt and answer together
 */
export function readPrompts(
  context: ChatContext,
  prompts: readonly string[],
  room: number,
): { readonly read: readonly SamplePrompt[]; readonly unanswerable: readonly string[] } {
  const all = prompts.map((prompt) => ({ prompt, ids: idsOf(context, prompt) }));
  const fits = (ids: readonly number[] | undefined): boolean => ids !== undefined && ids.length < room;
  return {
    read: all.flatMap(({ prompt, ids = [] }) => (fits(ids) && ids.length > 0 ? [{ prompt, ids }] : [])),
    unanswerable: all.flatMap(({ prompt, ids }) => (fits(ids) ? [] : [prompt])),
  };
}

function idsOf(context: ChatContext, content: string): readonly number[] | undefined {
  try {
    return conversationIds(context, [{ role: 'user', content }]);
  } catch {
    return undefined;
  }
}

/** The limits with which a run has answered these prompts before; undefined if it has not. */
export function keptLimits(
  history: readonly TrainEvent[],
  prompts: readonly SamplePrompt[],
): SampleLimits | undefined {
  const last = history.findLast((event) => event.event === 'sample');
  const { limits, answers = [] } = last ?? {};
  const same =
    limits?.of === prompts.length && answers.every(({ prompt }, index) => prompts[index]?.prompt === prompt);
  return same ? limits : undefined;
}

/** Number of tokens after which the first answer's speed is taken. */
const TIMED_TOKENS = 6;

/**
 * Answers the sample prompts of a run. It times the first answer: if answers would take too large a share of the run's
 * time, they become fewer and shorter, and stay so to the run's end.
 */
export class SampleAnswers implements SampleHook {
  readonly #parts: SampleParts;
  readonly #now: () => number;
  #limits: SampleLimits;
  #decided: boolean;
  #roundSeconds: number | undefined;

  constructor(parts: SampleParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
    this.#limits = parts.kept ?? fullLimits(parts.prompts.length);
    this.#decided = parts.kept !== undefined;
  }

  get limits(): SampleLimits {
    return this.#limits;
  }

  get roundSeconds(): number | undefined {
    return this.#roundSeconds;
  }

  async answer(
    signal: AbortSignal,
    tell: (fraction: number, answers: readonly Answer[]) => void,
  ): Promise<readonly Answer[] | undefined> {
    const answers: Answer[] = [];
    // The limits may shrink during the loop.
    for (let index = 0; index < this.#limits.prompts; index++) {
      const { prompt, ids } = this.#parts.prompts[index]!;
      let said = '';
      let tokens = 0;
      const watch = (): void => {
        const { prompts, tokens: most } = this.#limits;
        tell(Math.min(1, (index + tokens / most) / prompts), [...answers, { prompt, answer: said }]);
      };
      watch();
      const onText = (delta: string): void => void (said += delta);
      const text = await this.#one(ids, signal, onText, (count) => {
        tokens = count;
        watch();
      });
      if (signal.aborted) return undefined;
      answers.push({ prompt, answer: text });
    }
    return answers;
  }

  async #one(
    promptIds: readonly number[],
    signal: AbortSignal,
    onText: (delta: string) => void,
    onToken: (count: number) => void,
  ): Promise<string> {
    const { generator, chat } = this.#parts;
    const { tokenizer, stopIds } = chat;
    const timer = this.#roundSeconds === undefined ? new AnswerTimer(this.#now) : undefined;
    const { text } = await answer({
      generator,
      tokenizer,
      promptIds,
      sampling: { ...GREEDY, max_new_tokens: SAMPLE_TOKENS },
      stopIds,
      signal,
      onText,
      enough: (count) => {
        timer?.token();
        if (timer && count === TIMED_TOKENS) this.#decide(timer.speed(promptIds.length));
        onToken(count);
        return count >= this.#limits.tokens;
      },
    });
    if (timer && this.#roundSeconds === undefined) this.#decide(timer.speed(promptIds.length));
    return text;
  }

  #decide(speed: AnswerSpeed | undefined): void {
    if (!speed) return;
    const { prompts, run } = this.#parts;
    const { steps, trainSeconds } = run;
    if (!this.#decided && trainSeconds !== undefined) {
      this.#limits = limitsFor(prompts.length, speed, { steps, trainSeconds });
    }
    this.#decided = true;
    this.#roundSeconds = roundSeconds(this.#limits, speed);
  }
}

/** Times an answer token by token. */
class AnswerTimer {
  readonly #now: () => number;
  readonly #started: number;
  readonly #times: number[] = [];

  constructor(now: () => number) {
    this.#now = now;
    this.#started = now();
  }

  token(): void {
    this.#times.push(this.#now());
  }

  /** The speed so far; undefined before the second token. */
  speed(promptTokens: number): AnswerSpeed | undefined {
    const [first] = this.#times;
    const gaps = this.#times.slice(1).map((time, index) => time - (this.#times[index] ?? time));
    const gap = gaps.sort((a, b) => a - b)[gaps.length >> 1];
    if (first === undefined || gap === undefined) return undefined;
    const tokenSeconds = gap / 1000;
    // The first reading may include compilation; without it, reading is never slower than generating as many tokens.
    const readSeconds = Math.min((first - this.#started) / 1000, (promptTokens + 1) * tokenSeconds);
    return { readSeconds, tokenSeconds };
  }
}
