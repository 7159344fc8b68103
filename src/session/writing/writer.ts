import type { Message } from '../../core/messages/message';
import type { ChatMessage } from '../chat/chats';

/** Tokens that were read and written. */
export interface Usage {
  readonly promptTokens: number;
  readonly answerTokens: number;
}

/** A whole answer. */
export interface Completion {
  readonly text: string;
  /** Whether it ends because it reached its greatest length. */
  readonly isCut: boolean;
  /** The reason if it ends before it is whole, and not because of its length. */
  readonly broken?: Message;
  /** A setting that was not followed. */
  readonly note?: Message;
  /** Undefined if the server does not tell it. */
  readonly usage?: Usage | undefined;
}

export interface CompletionOptions {
  readonly signal?: AbortSignal | undefined;
  /** Gets the text piece by piece. A repeated request begins with an empty text again. */
  /** Most tokens of this answer, if they are fewer than the writer's. */
  readonly tokens?: number | undefined;
  readonly onText?: ((textSoFar: string) => void) | undefined;
}

/** A model that writes rows. */
export interface Writer {
  /** Its name, which the rows keep. */
  readonly origin: string;
  /** How many requests it takes at the same time. */
  readonly parallel: number;
  /**
   * Answers a request. Throws an error of the class `input` or `fit` if this request alone can't be answered; any other error
   * ends the work.
   */
  complete(messages: readonly ChatMessage[], options: CompletionOptions): Promise<Completion>;
}
