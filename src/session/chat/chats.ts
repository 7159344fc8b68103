import type { AnswerResult } from '../../chat/answer';
import { describeError, type ErrorDescription } from '../../core/errors';
import { type AnswerSettings, parseAnswerSettings } from '../../core/settings/settings';
import type { Answering } from './answering';
import type { Adapters } from '../adapters';
import type { Exclusive } from '../exclusive';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}
/** A side that the engine answers for. */
export type EngineSide = 'base' | 'tuned';
/** The side that answers; `export` is an opened ONNX folder. */
export type ChatSide = EngineSide | 'export';
export type ChatResult = Omit<AnswerResult, 'ids'>;

/** A request to one side, with this side's conversation. */
export interface ChatRequest<Side extends ChatSide = EngineSide> {
  readonly side: Side;
  readonly messages: readonly ChatMessage[];
  /** Replaces the seed of the settings. */
  readonly seed?: number;
}

/** The result of one side: an answer or an error. */
export type ChatOutcome =
  | { readonly side: ChatSide; readonly result: ChatResult }
  | { readonly side: ChatSide; readonly error: ErrorDescription };

export type ChatEvent =
  /** Sent before the first word. `together`: both sides answer at the same time, else one after the other. */
  | { readonly kind: 'begun'; readonly together: boolean }
  | { readonly kind: 'text'; readonly side: ChatSide; readonly delta: string }
  /** The device was lost: the side starts its answer again. */
  | { readonly kind: 'again'; readonly side: ChatSide }
  /** A side has ended; the outcome has its whole text. */
  | ({ readonly kind: 'ended' } & ChatOutcome);

/** The number of tokens of each conversation, and the most that a conversation may have, prompt and answer together. */
export interface TokenCount {
  readonly tokens: readonly number[];
  readonly room: number;
}

type ChatAnswers = Pick<Answering, 'chat' | 'prepareTwo' | 'countTokens' | 'room'>;

/** Conversations with the base and with the tuned adapter. */
export class Chats {
  readonly #answering: ChatAnswers;
  readonly #exclusive: Exclusive;
  readonly #adapters: Pick<Adapters, 'template'>;
  #stops = new Map<EngineSide, AbortController>();

  constructor(answering: ChatAnswers, exclusive: Exclusive, adapters: Pick<Adapters, 'template'>) {
    this.#answering = answering;
    this.#exclusive = exclusive;
    this.#adapters = adapters;
  }

  /**
   * Counts the tokens of conversations rendered with the model's template. Uses no device, so it can be called at any
   * time. Throws `no_model`, and the template's errors.
   */
  count(conversations: readonly (readonly ChatMessage[])[]): TokenCount {
    const { template } = this.#adapters;
    const tokens = conversations.map((messages) => this.#answering.countTokens(messages, template));
    return { tokens, room: this.#answering.room };
  }

  /**
   * Asks one side or both. Both answer at the same time if the device has room for two conversations: each has its own
   * cache and always waits for its own last token, so that the device computes their tokens in turn. Otherwise they
   * answer one after the other, in the given order. One side's failure does not stop the other. If the device is lost,
   * it is opened again, and the sides whose answers were lost start again.
   */
  async answer(
    requests: readonly ChatRequest[],
    settings: AnswerSettings,
    onEvent: (event: ChatEvent) => void,
  ): Promise<readonly ChatOutcome[]> {
    return await this.#exclusive.run('chatting', async () => {
      const sampling = parseAnswerSettings(settings);
      this.#stops = new Map(requests.map(({ side }) => [side, new AbortController()]));
      const together =
        requests.length > 1 && (await this.#answering.prepareTwo(this.#tokens(requests, sampling)));
      onEvent({ kind: 'begun', together });
      const ask = async (request: ChatRequest, beside: boolean): Promise<ChatOutcome> => {
        const outcome = await this.#ask(request, sampling, beside, onEvent);
        if (!lostDevice(outcome)) onEvent({ kind: 'ended', ...outcome });
        return outcome;
      };
      const outcomes: ChatOutcome[] = [];
      if (together) outcomes.push(...(await Promise.all(requests.map((request) => ask(request, true)))));
      else for (const request of requests) outcomes.push(await ask(request, false));
      for (const [index, request] of requests.entries()) {
        if (!lostDevice(outcomes[index])) continue;
        onEvent({ kind: 'again', side: request.side });
        const outcome = await this.#ask(request, sampling, false, onEvent);
        outcomes[index] = outcome;
        onEvent({ kind: 'ended', ...outcome });
      }
      return outcomes;
    });
  }

  /** Stops the answer of one side, or of both; keeps the text so far. */
  stop(side?: EngineSide): void {
    for (const [each, controller] of this.#stops) if (side === undefined || side === each) controller.abort();
  }

  /** The most tokens that the longest conversation can reach. */
  #tokens(requests: readonly ChatRequest[], { max_new_tokens }: AnswerSettings): number {
    const { tokens, room } = this.count(requests.map(({ messages }) => messages));
    return Math.min(Math.max(...tokens) + max_new_tokens, room);
  }

  async #ask(
    { side, messages, seed }: ChatRequest,
    sampling: AnswerSettings,
    beside: boolean,
    onEvent: (event: ChatEvent) => void,
  ): Promise<ChatOutcome> {
    const { signal } = this.#stops.get(side) ?? {};
    try {
      const { text, tokens, tokensPerSecond, stoppedBy } = await this.#answering.chat(
        side,
        messages,
        { ...sampling, ...(seed !== undefined && { seed }) },
        {
          template: this.#adapters.template,
          onText: (delta) => {
            onEvent({ kind: 'text', side, delta });
          },
          beside: beside && side === 'base',
          ...(signal && { signal }),
        },
      );
      return { side, result: { text, tokens, tokensPerSecond, stoppedBy } };
    } catch (error) {
      return { side, error: describeError(error) };
    }
  }
}

function lostDevice(outcome: ChatOutcome | undefined): boolean {
  return outcome !== undefined && 'error' in outcome && outcome.error.code === 'device_lost';
}
