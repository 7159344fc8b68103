import { parseAnswerSettings, type AnswerSettings } from '../../core/settings/settings';
import { answerDefaults } from '../chat/answer_defaults';
import type { Answering } from '../chat/answering';
import type { ChatMessage, EngineSide } from '../chat/chats';
import type { AdapterTemplate } from '../models/open';
import type { Session } from '../session';
import type { Completion, CompletionOptions, Writer } from './writer';

export interface ModelWriterOptions {
  readonly side: EngineSide;
  readonly origin: string;
  readonly template: AdapterTemplate;
  readonly sampling: AnswerSettings;
}

/** How the open model writes. */
export interface ModelChoice {
  readonly side: EngineSide;
  /** Most tokens of an answer. */
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed: number;
}

/** The open model as a writer. */
export function modelWriterOf(
  { model, answering }: Pick<Session, 'model' | 'answering'>,
  { side, maxTokens, temperature, seed }: ModelChoice,
  template: AdapterTemplate,
): ModelWriter {
  const { name: given, source } = model.identity;
  // A path on this computer says more than the rows should keep.
  const name = source === 'files' ? (given.split(/[/\\]/).at(-1) ?? given) : given;
  const sampling = parseAnswerSettings({
    ...answerDefaults(model.facts.generationConfig),
    max_new_tokens: maxTokens,
    temperature,
    seed,
  });
  const origin = side === 'tuned' ? `${name} + LoRA` : name;
  return new ModelWriter(answering, { side, origin, template, sampling });
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
    { signal, onText, tokens: most = Infinity }: CompletionOptions,
  ): Promise<Completion> {
    const { side, template, sampling } = this.#options;
    const promptTokens = this.#answering.countTokens(messages, template);
    let soFar = '';
    const { text, tokens, stoppedBy } = await this.#answering.chat(
      side,
      messages,
      {
        ...sampling,
        max_new_tokens: Math.min(most, sampling.max_new_tokens),
        seed: sampling.seed + this.#request++,
      },
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
