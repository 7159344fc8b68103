import {
  fieldsOf,
  Float,
  losslessJsonOf,
  type LosslessFields,
  type LosslessJson,
} from '../../core/lossless_json';
import type { Message, Sample } from '../../data/records';
import { sampleOf } from '../../data/shapes';
import { jsonText } from '../card/json_text';

/** A value on one line: the layout of `jsonText` is all between its texts, which have no line breaks of their own. */
export function jsonLine(value: LosslessJson): string {
  return jsonText(value).replace(/\n */g, '');
}

/** A sample as TRL, transformers and this program read it: `messages` (and `tools`), or `text`. */
export function recordOf(sample: Sample): LosslessFields {
  const row: LosslessFields = sample.weight === undefined ? {} : { weight: weightJson(sample.weight) };
  if (sample.kind === 'text') return { text: sample.text, ...row };
  const { messages, tools, variables } = sample;
  return {
    messages: messages.map(messageOf),
    ...(tools && { tools: tools as readonly LosslessJson[] }),
    ...(variables && { chat_template_kwargs: variables as LosslessFields }),
    ...row,
  };
}

function messageOf({ role, content, fields, asGiven, trained, weight }: Message): LosslessFields {
  const given = (asGiven ?? fields ?? { role, content }) as LosslessFields;
  if (trained === false) return { ...given, weight: 0 };
  return weight === undefined ? given : { ...given, weight: weightJson(weight) };
}

/** A weight as one column of a table has them all: a float. */
function weightJson(weight: number): Float {
  return new Float(weight);
}

/** Reasons for which LLaMA-Factory leaves something of a conversation out, or all of it. */
export const FACTORY_LOSSES = ['order', 'weights', 'thoughts', 'variables', 'words'] as const;
export type FactoryLoss = (typeof FACTORY_LOSSES)[number];

/**
 * Finds what LLaMA-Factory would lose of a conversation. It skips one whose turns do not alternate, or which does not
 * end with an answer; it trains on all answers; and it gives the template only roles, texts, calls and tools.
 */
export function factoryLoss({ messages, variables }: Sample & { kind: 'chat' }): FactoryLoss | undefined {
  const [first] = messages;
  const turns = joinedResults(first?.role === 'system' ? messages.slice(1) : messages);
  const alternate = turns.every(({ role }, at) =>
    at % 2 === 0 ? role === 'user' || role === 'tool' : role === 'assistant',
  );
  if (!alternate || turns.length % 2 !== 0 || turns.length === 0) return 'order';
  if (messages.some(({ trained }) => trained === false)) return 'weights';
  if (variables !== undefined) return 'variables';
  const thinks = messages.some(({ fields }) =>
    Object.keys(fields ?? {}).some((name) => /^(reasoning_content|thinking|reasoning)$/.test(name)),
  );
  if (thinks) return 'thoughts';
  // A call is JSON and nothing else.
  return messages.some((each) => functionsOf(each) && each.content.trim() !== '') ? 'words' : undefined;
}

/** Whether LLaMA-Factory reads the record that TRL reads: it wants calls and their results in a form of its own. */
export function isPlain({ messages, tools }: Sample & { kind: 'chat' }): boolean {
  return tools === undefined && messages.every(({ role, fields }) => role !== 'tool' && !fields?.tool_calls);
}

/** A conversation in LLaMA-Factory's ShareGPT form. Calls are JSON; neighbouring results are one message. */
export function factoryRecord({ messages, tools }: Sample & { kind: 'chat' }): LosslessFields {
  return {
    messages: joinedResults(messages).map((message): LosslessFields => {
      const functions = functionsOf(message);
      if (functions) return { role: CALL, content: jsonLine(functions) };
      return { role: message.role, content: message.content };
    }),
    tools: tools === undefined ? '' : jsonLine(tools as readonly LosslessJson[]),
  };
}

/** LLaMA-Factory's speaker of calls. */
const CALL = 'function_call';

/** The functions that a message calls, with their arguments; undefined if it calls none. */
function functionsOf({ fields }: Message): readonly LosslessFields[] | undefined {
  const calls = fields?.tool_calls;
  if (!Array.isArray(calls)) return undefined;
  return calls.map((call: LosslessFields) => {
    const { name, arguments: given } = (call.function ?? call) as LosslessFields;
    return { name: name!, arguments: given ?? {} };
  });
}

/** All of a conversation that LLaMA-Factory's record says: turns, each with one result or with its calls, and tools. */
export function meaningOf({ messages, tools = [] }: Sample & { kind: 'chat' }): LosslessFields {
  const turns = messages.flatMap((message): LosslessFields[] => {
    const { role, content } = message;
    const calls = functionsOf(message);
    if (calls) return [{ calls }];
    const texts = role === 'tool' ? content.split(BETWEEN_RESULTS) : [content];
    return texts.map((text) => ({ role, content: text }));
  });
  return { turns, tools: tools as readonly LosslessJson[] };
}

/** The meaning of one of LLaMA-Factory's records, by the reader of ShareGPT's; undefined if it is none. */
export function meaningOfFactory({ messages, tools }: LosslessFields): LosslessFields | undefined {
  if (!Array.isArray(messages) || typeof tools !== 'string') return undefined;
  const turns = (messages as readonly LosslessJson[]).map((given) => {
    const { role, content } = fieldsOf(given) ?? {};
    return role === CALL && content !== undefined ? { from: CALL, value: content } : given;
  });
  const sample = sampleOf({ messages: turns });
  const list = tools === '' ? [] : losslessJsonOf(tools);
  if (!('kind' in sample) || sample.kind !== 'chat' || !Array.isArray(list)) return undefined;
  return meaningOf({ ...sample, tools: list });
}

/** LLaMA-Factory's own words between the results of several calls (`data/converter.py`). */
const BETWEEN_RESULTS = '\n</tool_response>\n<tool_response>\n';

function joinedResults(messages: readonly Message[]): readonly Message[] {
  const joined: Message[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (last?.role === 'tool' && message.role === 'tool') {
      joined[joined.length - 1] = { ...last, content: last.content + BETWEEN_RESULTS + message.content };
    } else joined.push(message);
  }
  return joined;
}
