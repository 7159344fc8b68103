import { type AnswerSettings, parseAnswerSettings } from '../core/settings/settings';
import type { Session } from '../session/session';
import type { Adapters } from './adapters';
import type { ChatMessage, ChatResult } from './protocol';
import type { Turns } from './turns';

/** Conversations with the base and with the tuned adapter. */
export class Chats {
  readonly #session: Pick<Session, 'chat'>;
  readonly #turns: Turns;
  readonly #adapters: Pick<Adapters, 'template'>;
  #stop: AbortController | undefined;

  constructor(session: Pick<Session, 'chat'>, turns: Turns, adapters: Pick<Adapters, 'template'>) {
    this.#session = session;
    this.#turns = turns;
    this.#adapters = adapters;
  }

  async answer(
    which: 'base' | 'tuned',
    messages: readonly ChatMessage[],
    settings: AnswerSettings,
    onText: (delta: string) => void,
  ): Promise<ChatResult> {
    return await this.#turns.alone('chatting', async () => {
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
