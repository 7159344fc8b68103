import type { AnswerSettings } from '../../core/settings/settings';
import type { ChatTemplate } from '../../data/template';
import type { Message } from '../../data/records';
import type { Tokenizer } from '../../data/tokenizer';
import { stopTokens } from '../../chat/stop_tokens';
import { templateOf, type AdapterTemplate, type OpenText, type TextFacts } from '../models/open';

/** Turns conversations into tokens, and knows the tokens that end an answer. */
export interface ChatContext {
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  readonly stopIds: ReadonlySet<number>;
}

/** Settings that always choose the most likely token. */
export const GREEDY: AnswerSettings = {
  temperature: 0,
  top_p: 1,
  top_k: 0,
  repetition_penalty: 1,
  max_new_tokens: 128,
  seed: 0,
};

export function chatContext(
  model: OpenText & { readonly facts: Pick<TextFacts, 'config' | 'generationConfig'> },
  choice: AdapterTemplate,
): ChatContext {
  const { tokenizer, facts } = model;
  const { config, generationConfig } = facts;
  return {
    tokenizer,
    template: templateOf(model, choice, 'chat'),
    stopIds: stopTokens({ config, generationConfig, tokenizer }),
  };
}

/**
 * The conversation's tokens; after a question, up to the beginning of its answer. Throws if the template refuses the
 * conversation.
 */
export function conversationIds(context: ChatContext, messages: readonly Message[]): number[] {
  const { tokenizer, template } = context;
  const text = template.render(messages, messages.at(-1)?.role !== 'assistant');
  return [...tokenizer.encode(text, { addSpecialTokens: template.addSpecialTokens })];
}
