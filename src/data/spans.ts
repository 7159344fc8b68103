import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import type { Message } from './records';
import { THOUGHT_FIELDS, type ChatTemplate, type TemplateInputs } from './template';

/** A range of UTF-16 offsets in a text, the end not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One answer in a conversation, and what is needed to look for it. */
interface Search {
  readonly messages: readonly Message[];
  readonly index: number;
  readonly text: string;
  readonly ends: readonly string[];
  readonly render: (messages: readonly Message[], addGenerationPrompt?: boolean) => string;
}

/**
 * Where the answers lie in a rendered conversation: from where the model is asked to answer to the end of the turn,
 * with the tokens that end it.
 *
 * Templates hardly ever mark this. If the conversation before an answer with its generation prompt, and the conversation
 * up to and with the answer, are both beginnings of the whole, they tell it. Otherwise the whole is rendered with a mark
 * in the answer's place (`spanByMark`): what stands before and after the mark is not the answer's.
 *
 * @param text `template.render(messages, false, inputs)`
 * @param ends texts of the tokens that can end a turn
 * @throws TunesmithError that names the template, if an answer's place can't be known
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

/** An answer that a mark stands in, to be put into another's place. */
interface MarkedAnswer {
  readonly message: Message;
  /** Whether the mark is where the answer's own text begins, and not a name within the writing of a call. */
  readonly begins: boolean;
}

/**
 * The span of an answer, out of the whole conversation with another answer in its place that is known by a mark.
 *
 * - What stands before the mark is the prompt and perhaps a `lead`, such as empty thoughts, which the model writes itself.
 *   The lead is what the template adds after the generation prompt if the marked answer is the last message. In the whole
 *   it counts as the answer's only if the generation prompt's own end stands before it there too.
 * - The end of the turn is what follows the marked answer if it is the last message, as far as the whole has it too.
 *
 * The rendering of the real conversation must begin with all that is before, and end with all that is after: what lies
 * between is then the answer's and nobody else's. It must end as a turn ends, or be what the real answer makes as the
 * last message.
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

/** A plain text; then, in the message's own manner, other thoughts, and a call of another name. */
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

  // Without the generation prompt to go by, the answer's own text is the answer's for certain.
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

/** The conversation before an answer with its generation prompt. Templates write anything, or nothing, of no messages. */
function promptOf(before: readonly Message[], render: Search['render']): string | undefined {
  return before.length === 0 ? undefined : attempt(() => render(before, true));
}

/** Characters that tell the end of a generation prompt from other text. */
const TELLING = 8;

/**
 * Where in the text before a marked answer the model begins to write: after the generation prompt if it stands there, or
 * ends there but for white space. Undefined if the generation prompt goes on otherwise, such as with thoughts that the
 * answer lacks.
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

/** What ends the turn within the whole, undefined if that can't be told from what begins the next one. */
function endingOf(asLast: string, inWhole: string, ends: readonly string[]): string | undefined {
  if (inWhole.startsWith(asLast)) return asLast;
  // Some templates write one more token at the very end: the tokens in common end the turn.
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

/** What a rendering has before and after the mark, undefined if the mark does not stand in it exactly once. */
function around(
  mark: string,
  render: () => string,
): { readonly before: string; readonly after: string } | undefined {
  const [before, after, ...more] = attempt(render)?.split(mark) ?? [];
  return before === undefined || after === undefined || more.length > 0 ? undefined : { before, after };
}

/** A text of digits, which no template changes, that the given text has not. */
function unusedDigits(text: string): string {
  for (let number = 718_281_828_459; ; number += 104_729) {
    if (!text.includes(String(number))) return String(number);
  }
}

/** Undefined if the template refuses: many want roles in an order that part of a conversation may not have. */
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
