import type { AnswerSettings } from '../../core/settings/settings';
import type { Answering } from '../chat/answering';
import type { ChatMessage, EngineSide } from '../chat/chats';
import type { AdapterTemplate } from '../models/open';
import type { Completion, CompletionOptions, Writer } from './writer';

export interface ModelWriterOptions {
  readonly side: EngineSide;
  readonly origin: string;
  readonly template: AdapterTemplate;
  readonly sampling: AnswerSettings;
}

/** Writes with the open model, one request after the other. */
export class ModelWriter implements Writer {
  readonly origin: string;
  readonly parallel = 1;
  readonly #answering: Pick<Answering, 'chat' | 'countTokens'>;
  readonly #options: ModelWriterOptions;
  /** Number of the request: each draws other numbers. */
  #request = 0;

  constructor(answering: Pick<Answering, 'chat' | 'countTokens'>, options: ModelWriterOptions) {
    this.#answering = answering;
    this.#options = options;
    this.origin = options.origin;
  }

  async complete(
    messages: readonly ChatMessage[],
    { signal, onText }: CompletionOptions,
  ): Promise<Completion> {
    const { side, template, sampling } = this.#options;
    const promptTokens = this.#answering.countTokens(messages, template);
    let soFar = '';
    const { text, tokens, stoppedBy } = await this.#answering.chat(
      side,
      messages,
      { ...sampling, seed: sampling.seed + this.#request++ },
      {
        template,
        onText: (delta) => onText?.((soFar += delta)),
        ...(signal && { signal }),
      },
    );
    signal?.throwIfAborted();
    const usage = { promptTokens, answerTokens: tokens };
    return { text, isCut: stoppedBy === 'length', usage };
  }
}
