import { TunesmithError } from '../core/errors';
import type { Message } from './records';
import type { ChatTemplate, TemplateInputs } from './template';

/** A conversation in the form that a template reads, and its rendering. */
export interface ReadableConversation {
  readonly messages: readonly Message[];
  readonly text: string;
}

/**
 * Renders a conversation and checks that its texts reach the model.
 *
 * Content is a text, or a list of parts. Some templates read only one of the two. For the other they write nothing, or
 * Python's text of a list, without an error. So a list is passed to the template only if the output equals that of the
 * joined text, apart from white space; otherwise the joined text is passed. A text becomes a list only if the template
 * leaves it out. If the data has arguments of calls as JSON text, the template gets them parsed, unless it refuses that
 * and accepts the text (DeepSeek's does).
 *
 * @throws TunesmithError if the template refuses the conversation, or leaves out the text of a question or an answer
 */
export function readableContent(
  messages: readonly Message[],
  template: ChatTemplate,
  inputs: TemplateInputs,
): ReadableConversation {
  const meant = attempt(() => withReadableTexts(messages, template, inputs));
  if (meant.value) return meant.value;
  const given = messages.map((message) =>
    message.asGiven ? { ...message, fields: message.asGiven } : message,
  );
  const asGiven = messages.some((message) => message.asGiven)
    ? attempt(() => withReadableTexts(given, template, inputs)).value
    : undefined;
  if (asGiven) return asGiven;
  throw meant.error;
}

function withReadableTexts(
  messages: readonly Message[],
  template: ChatTemplate,
  inputs: TemplateInputs,
): ReadableConversation {
  const read = (some: readonly Message[]): ReadableConversation => ({
    messages: some,
    text: template.render(some, false, inputs),
  });
  const hasParts = messages.some(({ fields }) => Array.isArray(fields?.content));
  const joined = hasParts ? messages.map(withJoinedText) : messages;
  const texts = attempt(() => read(joined));
  if (hasParts) {
    const parts = attempt(() => read(messages));
    if (parts.value && texts.value && squeezed(parts.value.text) === squeezed(texts.value.text))
      return parts.value;
  }
  const left = texts.value ? leftOut(texts.value, template, inputs) : undefined;
  if (texts.value && left === undefined) return texts.value;
  const parts = attempt(() => read(messages.map(withParts)));
  if (parts.value && !/['"]type['"]: ['"]text['"]/.test(parts.value.text)) {
    if (leftOut(parts.value, template, inputs) === undefined) return parts.value;
  }
  throw texts.error ?? leavesOut(template, left ?? 0);
}

function leavesOut(template: ChatTemplate, index: number): TunesmithError {
  return new TunesmithError({
    code: 'chat_template_left_out',
    values: { template: template.name, number: index + 1 },
  });
}

/**
 * The first question or answer whose text makes no difference to the rendering; Messages with calls are not checked.
 */
function leftOut(
  { messages, text }: ReadableConversation,
  template: ChatTemplate,
  inputs: TemplateInputs,
): number | undefined {
  const index = messages.findIndex((message, at) => {
    const { role, content, fields } = message;
    if ((role !== 'user' && role !== 'assistant') || fields?.tool_calls !== undefined) return false;
    const words = content.trim();
    if (words === '' || text.includes(words)) return false;
    const changed = messages.map((one, i) => (i === at ? withLonger(one) : one));
    return attempt(() => template.render(changed, false, inputs)).value === text;
  });
  return index < 0 ? undefined : index;
}

function withJoinedText(message: Message): Message {
  const { fields, content } = message;
  return Array.isArray(fields?.content) ? { ...message, fields: { ...fields, content } } : message;
}

function withParts(message: Message): Message {
  const { role, content, fields } = message;
  if (Array.isArray(fields?.content) || fields?.content === null) return message;
  return { ...message, fields: { ...(fields ?? { role }), content: [{ type: 'text', text: content }] } };
}

/** The message with one more word at the end of its text. */
function withLonger(message: Message): Message {
  const content = `${message.content} 718281828459`;
  const { fields } = message;
  if (!fields) return { ...message, content };
  const given = Array.isArray(fields.content) ? [{ type: 'text', text: content }] : content;
  return { ...message, content, fields: { ...fields, content: given } };
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, '');
}

function attempt<T>(
  run: () => T,
):
  { readonly value: T; readonly error?: never } | { readonly value?: never; readonly error: TunesmithError } {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof TunesmithError) return { error };
    throw error;
  }
}
