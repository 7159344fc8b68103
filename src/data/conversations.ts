import * as v from 'valibot';
import { isRecord } from '../core/json';
import { ROLES, type Message, type Role, type Sample } from './messages';

type Refused = { readonly reason: string };
type Fields = Readonly<Record<string, unknown>>;

const part = v.looseObject(
  { type: v.string('each part of "content" needs a "type"') },
  'each part of "content" must be an object',
);

const message = v.looseObject(
  {
    role: v.picklist(ROLES, `"role" must be one of ${ROLES.join(', ')}`),
    content: v.nullish(v.union([v.string(), v.array(part)], '"content" must be a text or a list of parts')),
    tool_calls: v.nullish(v.array(v.looseObject({}), '"tool_calls" must be a list of objects')),
  },
  'each message must be an object with "role" and "content"',
);

/** A row with `messages`, as Transformers and TRL have them; every field of a message goes to the template. */
export const chatRow = v.looseObject({
  messages: v.pipe(v.array(message, '"messages" must be a list'), v.minLength(1, '"messages" is empty')),
  chat_template_kwargs: v.nullish(
    v.record(v.string(), v.unknown(), '"chat_template_kwargs" must be an object'),
  ),
});

const turn = v.object(
  { from: v.string('"from" must be a text'), value: v.string('"value" must be a text') },
  'each turn must be an object with "from" and "value"',
);

/** A row of ShareGPT's kind, with the tools and calls of LLaMA-Factory. */
export const shareGptRow = v.looseObject({
  conversations: v.pipe(
    v.array(turn, '"conversations" must be a list'),
    v.minLength(1, '"conversations" is empty'),
  ),
  system: v.nullish(v.string('"system" must be a text')),
});

export function chatSample(row: v.InferOutput<typeof chatRow>): Sample | Refused {
  const messages: Message[] = [];
  for (const [index, given] of row.messages.entries()) {
    const read = readMessage(given);
    if ('reason' in read) return { reason: `Message ${index + 1}: ${read.reason}` };
    messages.push(read);
  }
  return checked(messages, readTools(row.tools), row.chat_template_kwargs ?? undefined);
}

function readMessage(given: v.InferOutput<typeof message>): Message | Refused {
  const { role, content, tool_calls } = given;
  const calls = (tool_calls ?? []).length > 0;
  const fields = calls ? given : withoutCalls(given);
  const plain = Object.keys(fields).every((field) => field === 'role' || field === 'content');
  if (typeof content === 'string') return plain ? { role, content } : { role, content, fields };
  if (!content) {
    if (calls) return { role, content: '', fields };
    return { reason: 'it has no "content".' };
  }
  const strange = content.find(({ type, text }) => type !== 'text' || typeof text !== 'string');
  if (strange) return { reason: `it has a part of type ${strange.type}, and only texts can be learnt from.` };
  const texts = content.map(({ text }) => (typeof text === 'string' ? text : ''));
  return { role, content: texts.join(''), fields };
}

/** An empty list of calls says that there is none; templates that ask only whether there is a list take it for a call. */
function withoutCalls(message: Fields): Fields {
  return Object.fromEntries(Object.entries(message).filter(([field]) => field !== 'tool_calls'));
}

/** What the speakers of ShareGPT's kind are called in other places. */
const SPEAKERS: Readonly<Record<string, Role | 'call'>> = {
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  assistant: 'assistant',
  system: 'system',
  function_call: 'call',
  observation: 'tool',
  tool: 'tool',
};

export function shareGptSample(row: v.InferOutput<typeof shareGptRow>): Sample | Refused {
  const messages: Message[] = [];
  const { system } = row;
  if (system && system.trim() !== '') messages.push({ role: 'system', content: system });
  for (const [index, { from, value }] of row.conversations.entries()) {
    const role = Object.hasOwn(SPEAKERS, from) ? SPEAKERS[from] : undefined;
    if (!role) return { reason: `Turn ${index + 1}: "from" is ${JSON.stringify(from)}, which is unknown.` };
    if (role !== 'call') {
      messages.push({ role, content: value });
      continue;
    }
    const tool_calls = readCalls(value);
    if (!tool_calls)
      return { reason: `Turn ${index + 1}: its call is not JSON with "name" and "arguments".` };
    messages.push({ role: 'assistant', content: '', fields: { role: 'assistant', content: '', tool_calls } });
  }
  const tools = readTools(row.tools);
  if ('reason' in tools) return tools;
  return checked(messages, { tools: tools.tools?.map(asFunction) });
}

function checked(
  messages: readonly Message[],
  read: { readonly tools?: readonly unknown[] | undefined } | Refused,
  variables?: Fields,
): Sample | Refused {
  if ('reason' in read) return read;
  const late = messages.findIndex(({ role }, index) => role === 'system' && index > 0);
  if (late > 0) return { reason: `Message ${late + 1}: a system message can only be the first.` };
  const empty = messages.findIndex(
    ({ content, role, fields }) => role === 'assistant' && content.trim() === '' && !fields?.tool_calls,
  );
  if (empty >= 0) return { reason: `Message ${empty + 1}: the answer is empty.` };
  const { tools } = read;
  return { kind: 'chat', messages, ...(tools && { tools }), ...(variables && { variables }) };
}

/** A call, or a list of them, as the templates of Transformers want them; undefined where it is none. */
function readCalls(json: string): readonly Fields[] | undefined {
  const value = parsed(json);
  const calls: unknown[] = Array.isArray(value) ? value : [value];
  const read = calls.map((call) =>
    isRecord(call) && typeof call.name === 'string' && 'arguments' in call
      ? { type: 'function', function: { name: call.name, arguments: call.arguments } }
      : undefined,
  );
  return read.length > 0 && read.every((call) => call !== undefined) ? read : undefined;
}

/** The tools of a row: a list, or its JSON as a text. None where the list is empty. */
function readTools(value: unknown): { readonly tools?: readonly unknown[] | undefined } | Refused {
  if (value === undefined || value === null || value === '') return {};
  const list = typeof value === 'string' ? parsed(value) : value;
  if (!Array.isArray(list) || !list.every(isRecord))
    return { reason: '"tools" is not a list of objects, or its JSON.' };
  return list.length === 0 ? {} : { tools: list };
}

/** ShareGPT's rows describe bare functions. */
function asFunction(tool: unknown): unknown {
  return isRecord(tool) && 'function' in tool ? tool : { type: 'function', function: tool };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}
