import { TunesmithError } from '../core/errors';
import type { Message } from './rows';
import type { ChatTemplate, TemplateInputs } from './template';

/** A range of UTF-16 offsets in a text, the end not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Where the answers lie in a rendered conversation: from where the model is asked to answer to the end of the turn,
 * with the tokens that end it.
 *
 * Templates hardly ever mark this, so it is found by rendering prefixes: the answer begins after the conversation before
 * it with its generation prompt, and ends with the conversation up to and with it. Some templates render an answer
 * otherwise once others follow (Qwen3 drops its thoughts); then its end is found by what ends it when it is the last one,
 * which comes in the whole before all that a change of the answer leaves as it is.
 *
 * @param text `template.render(messages, false, inputs)`
 * @throws TunesmithError that names the template, where a prefix's rendering doesn't begin the rendering of the whole
 */
export function answerSpans(
  messages: readonly Message[],
  template: ChatTemplate,
  text: string,
  inputs: TemplateInputs = {},
): Span[] {
  const answers = messages.flatMap(({ role }, index) => (role === 'assistant' ? [index] : []));
  const starts = answers.map((index) => {
    const prompt = template.render(messages.slice(0, index), true, inputs);
    if (!text.startsWith(prompt)) throw noPrefix(template, index);
    return prompt.length;
  });
  return answers.map((index, nth) => {
    const start = starts[nth] ?? 0;
    const limit = starts[nth + 1] ?? text.length;
    const isLast = index === messages.length - 1;
    const upTo = messages.slice(0, index + 1);
    const asLast = isLast ? text : template.render(upTo, false, inputs);
    if (asLast.length >= start && text.startsWith(asLast)) return { start, end: asLast.length };

    const changedLast = template.render(withLonger(upTo, index), false, inputs);
    const changed = template.render(withLonger(messages, index), false, inputs);
    const ending = commonEnd(asLast, changedLast);
    const rest = commonEnd(text, changed);
    const end = text.length - rest.length + ending.length;
    const differs = changedLast !== asLast && changed !== text && changed.startsWith(text.slice(0, start));
    if (!differs || !rest.startsWith(ending) || end < start || end > limit) throw noPrefix(template, index);
    return { start, end };
  });
}

/** The messages, with a character more at the end of one's text. */
function withLonger(messages: readonly Message[], index: number): readonly Message[] {
  return messages.map((message, at) => {
    if (at !== index) return message;
    const content = message.content + (message.content.endsWith('x') ? 'y' : 'x');
    const { fields } = message;
    if (!fields) return { ...message, content };
    return { ...message, content, fields: { ...fields, content } };
  });
}

function commonEnd(a: string, b: string): string {
  let length = 0;
  while (length < a.length && length < b.length && a[a.length - 1 - length] === b[b.length - 1 - length])
    length++;
  return a.slice(a.length - length);
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
