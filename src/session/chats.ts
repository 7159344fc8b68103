import type { AnswerResult } from '../chat/answer';
import { type AnswerSettings, parseAnswerSettings } from '../core/settings/settings';
import type { Session } from './session';
import type { Adapters } from './adapters';
import type { Exclusive } from './exclusive';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}
export type ChatResult = Omit<AnswerResult, 'ids'>;

/** Conversations with the base and with the tuned adapter. */
export class Chats {
  readonly #session: Pick<Session, 'chat'>;
  readonly #exclusive: Exclusive;
  readonly #adapters: Pick<Adapters, 'template'>;
  #stop: AbortController | undefined;

  constructor(session: Pick<Session, 'chat'>, exclusive: Exclusive, adapters: Pick<Adapters, 'template'>) {
    this.#session = session;
    this.#exclusive = exclusive;
    this.#adapters = adapters;
  }

  async answer(
    which: 'base' | 'tuned',
    messages: readonly ChatMessage[],
    settings: AnswerSettings,
    onText: (delta: string) => void,
  ): Promise<ChatResult> {
    return await this.#exclusive.alone('chatting', async () => {
      this.#stop = new AbortController();
      const options = { template: this.#adapters.template, onText, signal: this.#stop.signal };
      return await this.#session.chat(which, messages, parseAnswerSettings(settings), options);
    });
  }

  stop(): void {
    this.#stop?.abort();
  }
}
