import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import type { Message } from './records';
import { THOUGHT_FIELDS, type ChatTemplate, type TemplateInputs } from './template';

/** A range of UTF-16 offsets in a text, the end not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One answer of a conversation, with all that the search for its place needs. */
interface Search {
  readonly messages: readonly Message[];
  readonly index: number;
  readonly text: string;
  readonly ends: readonly string[];
  readonly render: (messages: readonly Message[], addGenerationPrompt?: boolean) => string;
}

/**
 * Finds the answers in a rendered conversation. An answer begins where the model would start to write and ends with the
 * turn, including the tokens that end it.
 *
 * Templates hardly ever mark answers. Two renderings show an answer's place if both are beginnings of the whole text:
 * the conversation before the answer with the generation prompt, and the conversation up to and including the answer.
 * Otherwise the function renders the whole with a mark in place of the answer (`spanByMark`): the text before and after
 * the mark is not the answer's.
 *
 * @param text `template.render(messages, false, inputs)`
 * @param ends texts of the tokens that can end a turn
 * @throws TunesmithError that names the template, if the place of an answer can't be determined
 */
export function answerSpans(
  messages: readonly Message[],
  template: ChatTemplate,
  text: string,
  inputs: TemplateInputs = {},
  ends: readonly string[] = [],
): Span[] {
  const render: Search['render'] = (some, addGenerationPrompt = false) =>
    template.render(some, addGenerationPrompt, inputs);
  let done = 0;
  return messages.flatMap(({ role }, index) => {
    if (role !== 'assistant') return [];
    const search: Search = { messages, index, text, ends, render };
    const span = spanByPrefixes(search) ?? spanByMark(search);
    if (!span || span.start < done || span.end < span.start) throw unknownPlace(template, index);
    done = span.end;
    return [span];
  });
}

function spanByPrefixes({ messages, index, text, render }: Search): Span | undefined {
  const prompt = promptOf(messages.slice(0, index), render);
  if (prompt === undefined || !text.startsWith(prompt)) return undefined;
  const upTo = index === messages.length - 1 ? text : attempt(() => render(messages.slice(0, index + 1)));
  if (upTo === undefined || upTo.length < prompt.length || !text.startsWith(upTo)) return undefined;
  return { start: prompt.length, end: upTo.length };
}

/** An answer that contains a mark, as a replacement for the real answer. */
interface MarkedAnswer {
  readonly message: Message;
  /** Whether the mark is at the beginning of the answer's text, rather than the name of a call. */
  readonly begins: boolean;
}

/**
 * Finds the span of an answer by rendering the whole conversation with a marked answer in its place.
 *
 * - The text before the mark is the prompt and perhaps a `lead`, such as empty thoughts, which the model writes itself.
 *   The lead is the text that the template adds after the generation prompt if the marked answer is the last message.
 *   Within the whole it belongs to the answer only if the end of the generation prompt precedes it there too.
 * - The end of the turn is the text after the marked answer if it is the last message, as far as the whole has the
 *   same.
 *
 * The rendering of the real conversation must begin with the text before the answer and end with the text after it; the
 * answer lies between. It must also end like a turn, or equal the rendering of the real answer as the last message.
 */
function spanByMark(search: Search): Span | undefined {
  const { messages, index, text } = search;
  const mark = unusedDigits(messages.map(({ content }) => content).join('\n') + text);
  for (const answer of markedAnswers(mark, messages[index])) {
    const span = spanInPlaceOf(search, mark, answer);
    if (span) return span;
  }
  return undefined;
}

/**
 * Replacements to try in turn: a plain text; then, if the message has them, other thoughts, and a call of another name.
 */
function* markedAnswers(mark: string, message: Message | undefined): Iterable<MarkedAnswer> {
  yield { message: { role: 'assistant', content: mark }, begins: true };
  if (!message) return;
  const { role, content, fields } = message;
  const thoughts = THOUGHT_FIELDS.filter((name) => typeof fields?.[name] === 'string');
  if (thoughts.length > 0) {
    const marked = Object.fromEntries(thoughts.map((name) => [name, mark]));
    yield { message: { ...message, fields: { ...fields, ...marked } }, begins: true };
  } else if (THOUGHTS.test(content)) {
    const changed = content.replace(THOUGHTS, `$1${mark}$2`);
    yield { message: withText(message, changed), begins: true };
  }
  const calls: unknown = fields?.tool_calls;
  const call: unknown = Array.isArray(calls) ? calls[0] : undefined;
  if (!isRecord(call)) return;
  const named = isRecord(call.function)
    ? { ...call, function: { ...call.function, name: mark } }
    : { ...call, name: mark };
  const calling = { role, content: '', tool_calls: [named] };
  yield { message: { role, content: '', fields: calling }, begins: false };
}

const THOUGHTS = /^(\s*<think>\n*)[^]*?(\n*<\/think>)/;

function withText(message: Message, content: string): Message {
  const { fields } = message;
  return fields ? { ...message, content, fields: { ...fields, content } } : { ...message, content };
}

function spanInPlaceOf(search: Search, mark: string, answer: MarkedAnswer): Span | undefined {
  const { messages, index, text, ends, render } = search;
  const before = messages.slice(0, index);
  const asLast = around(mark, () => render([...before, answer.message]));
  const inWhole =
    index === messages.length - 1
      ? asLast
      : around(mark, () => render([...before, answer.message, ...messages.slice(index + 1)]));
  if (!asLast || !inWhole) return undefined;

  // If the generation prompt does not show the beginning, the answer begins with its own text.
  const begin =
    beginOf(asLast.before, promptOf(before, render)) ?? (answer.begins ? asLast.before.length : undefined);
  if (begin === undefined) return undefined;
  const history = attempt(() => render(before))?.length ?? begin;
  const lead = asLast.before.slice(begin);
  // The generation prompt's text; without one, the last characters before the answer.
  const header = asLast.before.slice(Math.min(history, Math.max(0, begin - TELLING)), begin);
  const leads = inWhole.before.endsWith(header + lead);
  const head = leads ? inWhole.before.slice(0, inWhole.before.length - lead.length) : inWhole.before;

  const ending = endingOf(asLast.after, inWhole.after, ends);
  if (ending === undefined) return undefined;
  const rest = inWhole.after.slice(ending.length);
  const span = { start: head.length, end: text.length - rest.length };
  if (span.end < span.start || !text.startsWith(head) || !text.endsWith(rest)) return undefined;
  const found = text.slice(span.start, span.end);
  if (found.endsWith(ending)) return span;
  const real = attempt(() => render(messages.slice(0, index + 1)));
  return real === asLast.before.slice(0, begin) + found ? span : undefined;
}

/**
 * Renders the conversation before an answer with its generation prompt. Undefined without messages: templates differ
 * then.
 */
function promptOf(before: readonly Message[], render: Search['render']): string | undefined {
  return before.length === 0 ? undefined : attempt(() => render(before, true));
}

/** This many characters suffice to recognise the end of a generation prompt. */
const TELLING = 8;

/**
 * Offset in the text before a marked answer at which the model begins to write: after the generation prompt, if the
 * text has it, at least up to white space. Undefined if the generation prompt differs, for instance if it ends with
 * thoughts that the answer lacks.
 */
function beginOf(beforeMark: string, prompt: string | undefined): number | undefined {
  if (prompt === undefined) return undefined;
  if (beforeMark.startsWith(prompt)) return prompt.length;
  const spaces = beforeMark.length - beforeMark.trimEnd().length;
  const end = prompt.slice(-TELLING);
  for (let left = 0; left <= spaces && end.length === TELLING; left++) {
    const begin = beforeMark.length - left;
    if (beforeMark.slice(0, begin).endsWith(end)) return begin;
  }
  return undefined;
}

/** The end of the turn within the whole; undefined if it can't be separated from the beginning of the next turn. */
function endingOf(asLast: string, inWhole: string, ends: readonly string[]): string | undefined {
  if (inWhole.startsWith(asLast)) return asLast;
  // Some templates write one more token at the very end: the tokens in common then end the turn.
  let common = 0;
  while (common < asLast.length && asLast[common] === inWhole[common]) common++;
  const shared = asLast.slice(0, common);
  const length = Math.max(
    0,
    ...ends.map((end) => {
      const at = end === '' ? -1 : shared.lastIndexOf(end);
      return at < 0 ? 0 : at + end.length;
    }),
  );
  return length === 0 ? undefined : shared.slice(0, length);
}

/** The parts of a rendering before and after the mark; undefined if the mark does not occur exactly once. */
function around(
  mark: string,
  render: () => string,
): { readonly before: string; readonly after: string } | undefined {
  const [before, after, ...more] = attempt(render)?.split(mark) ?? [];
  return before === undefined || after === undefined || more.length > 0 ? undefined : { before, after };
}

/** A number, which no template changes, that does not occur in the given text. */
function unusedDigits(text: string): string {
  for (let number = 718_281_828_459; ; number += 104_729) {
    if (!text.includes(String(number))) return String(number);
  }
}

/**
 * The rendering; undefined if the template refuses, as many do if part of a conversation has roles in another order.
 */
function attempt(render: () => string): string | undefined {
  try {
    return render();
  } catch (error) {
    if (error instanceof TunesmithError) return undefined;
    throw error;
  }
}

function unknownPlace(template: ChatTemplate, index: number): TunesmithError {
  return new TunesmithError({
    code: 'chat_template_prefix',
    values: { template: template.name, number: index + 1 },
  });
}
