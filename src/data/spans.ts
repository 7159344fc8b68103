import { TunesmithError } from '../core/errors';
import type { Message } from './rows';
import type { ChatTemplate } from './template';

/** A range of UTF-16 offsets in a text, the end not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Where the answers lie in a rendered conversation: from where the model is asked to answer to the end of the turn,
 * with the tokens that end it.
 *
 * Templates don't mark this, so it is found by rendering prefixes: the answer begins after the conversation before it with
 * its generation prompt, and ends with the conversation up to and with it. Some templates render an answer otherwise
 * once others follow (Qwen3 drops its thoughts); then its end is found as its content with the ending that it had as
 * the last one.
 *
 * @param text `template.render(messages)`
 * @throws TunesmithError that names the template, where a prefix's rendering doesn't begin the rendering of the whole
 */
export function answerSpans(messages: readonly Message[], template: ChatTemplate, text: string): Span[] {
  const answers = messages.flatMap(({ role }, index) => (role === 'assistant' ? [index] : []));
  const starts = answers.map((index) => {
    const prompt = template.render(messages.slice(0, index), true);
    if (!text.startsWith(prompt)) throw noPrefix(template, index);
    return prompt.length;
  });
  return answers.map((index, nth) => {
    const start = starts[nth] ?? 0;
    const limit = starts[nth + 1] ?? text.length;
    const asLast = index === messages.length - 1 ? text : template.render(messages.slice(0, index + 1));
    if (asLast.length >= start && text.startsWith(asLast)) return { start, end: asLast.length };

    const content = messages[index]?.content.trim() ?? '';
    const at = asLast.lastIndexOf(content);
    const ending = asLast.slice(at + content.length);
    const found = text.indexOf(content + ending, start);
    const end = found + content.length + ending.length;
    if (at < 0 || found < 0 || end > limit) throw noPrefix(template, index);
    return { start, end };
  });
}

function noPrefix(template: ChatTemplate, index: number): TunesmithError {
  return new TunesmithError({
    code: 'chat_template_prefix',
    message:
      `Where the answer in message ${index + 1} begins and ends can't be told: ${template.name} renders the ` +
      'conversation up to it otherwise than as the beginning of the whole.',
    hint: 'Choose the Alpaca prompt as the template, train on all tokens, or split the conversation into single questions.',
  });
}
