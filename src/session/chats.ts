import { type AnswerSettings, parseAnswerSettings } from '../core/settings/settings';
import type { Session } from './session';
import type { Adapters } from './adapters';
import type { Exclusive } from './exclusive';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}
export interface ChatResult {
  readonly text: string;
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly stoppedBy: 'stop_token' | 'length' | 'person';
}

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
      const result = await this.#session.chat(which, messages, parseAnswerSettings(settings), options);
      const { text, tokens, tokensPerSecond, stoppedBy } = result;
      return { text, tokens, tokensPerSecond, stoppedBy };
    });
  }

  stop(): void {
    this.#stop?.abort();
  }
}
