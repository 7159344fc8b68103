import {
  fieldsOf,
  losslessJsonOf,
  losslessText,
  type LosslessFields,
  type LosslessJson,
} from '../../core/lossless_json';
import { message } from '../../core/messages/message';
import type { Tags } from '../../core/settings/sources';
import { lossWeight, MOST_WEIGHT } from './loss_weight';
import { ROLES, refused, type Message, type Refused, type Role, type Sample } from '../messages';

type Conversation = Sample & { readonly kind: 'chat' };

/** The columns beside the list, and the names within it. */
export interface ConversationOptions {
  readonly system?: string | undefined;
  readonly tools?: string | undefined;
  readonly tags?: Tags | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** Roles by the names of speakers that ShareGPT's and similar records use. */
const SPEAKERS: ReadonlyMap<string, Role | 'call'> = new Map<string, Role | 'call'>([
  ['human', 'user'],
  ['user', 'user'],
  ['gpt', 'assistant'],
  ['assistant', 'assistant'],
  ['system', 'system'],
  ['function_call', 'call'],
  ['observation', 'tool'],
  ['tool', 'tool'],
]);

/**
 * A conversation as a list of messages with `role` and `content`, as Transformers and TRL have them, or with `from` and
 * `value`, as ShareGPT has them. The template gets every field of a message. The record may also have `system`, `tools`
 * and `chat_template_kwargs`.
 *
 * @param name the column with the list; a text there is read as JSON
 */
export function readConversation(
  record: LosslessFields,
  name: string,
  { system: systemName = 'system', tools: toolsName = 'tools', tags = {} }: ConversationOptions = {},
): Conversation | Refused {
  const column = record[name];
  if (column === undefined) return refused('field_missing', { name });
  const list = typeof column === 'string' ? losslessJsonOf(column) : column;
  if (!Array.isArray(list)) return refused('field_no_list', { name });
  if (list.length === 0) return refused('field_empty', { name });
  const messages: Message[] = [];
  for (const [index, given] of (list as readonly LosslessJson[]).entries()) {
    const read = readItem(given, tags);
    if ('reason' in read) return refused('message_fault', { number: index + 1, fault: read.reason });
    messages.push(read);
  }
  const system = record[systemName];
  if (system !== undefined && typeof system !== 'string')
    return refused('field_no_text', { name: systemName });
  if (system !== undefined && system.trim() !== '') {
    if (messages[0]?.role === 'system') {
      return refused('system_twice', { name });
    }
    messages.unshift({ role: 'system', content: system });
  }
  const late = messages.findIndex(({ role }, index) => role === 'system' && index > 0);
  if (late > 0) return refused('message_fault', { number: late + 1, fault: message('system_late') });
  const begun = messages.findIndex(({ prefix }, index) => prefix && index < messages.length - 1);
  if (begun >= 0) return refused('message_fault', { number: begun + 1, fault: message('prefix_early') });
  const empty = messages.findIndex(
    ({ content, role, fields }) => role === 'assistant' && content.trim() === '' && !fields?.tool_calls,
  );
  if (empty >= 0) return refused('message_fault', { number: empty + 1, fault: message('answer_empty') });
  const bare = (list as readonly LosslessJson[]).some((given) => 'from' in (fieldsOf(given) ?? {}));
  const read = readTools(record[toolsName], bare || Object.keys(tags).length > 0);
  if ('reason' in read) return read;
  const { tools } = read;
  const given = record.chat_template_kwargs;
  const variables = given === undefined ? undefined : fieldsOf(given);
  if (given !== undefined && !variables) return refused('field_no_object', { name: 'chat_template_kwargs' });
  return { kind: 'chat', messages, ...(tools && { tools }), ...(variables && { variables }) };
}

/** Speakers by the tags that name them. */
const TAGGED: readonly (readonly [keyof Tags, string])[] = [
  ['user_tag', 'user'],
  ['assistant_tag', 'assistant'],
  ['observation_tag', 'tool'],
  ['function_tag', 'function_call'],
  ['system_tag', 'system'],
];

function readItem(item: LosslessJson, tags: Tags): Message | Refused {
  const tagged = Object.keys(tags).length > 0 ? untagged(item, tags) : undefined;
  if (tagged && 'reason' in tagged) return tagged;
  const given = tagged?.given ?? item;
  const fields = fieldsOf(given);
  if (!fields || (!('role' in fields) && !('from' in fields))) {
    return refused('message_no_object');
  }
  if (given instanceof Map) return refused('message_digits');
  const weight = weightOf(fields);
  if (typeof weight === 'object') return weight;
  const read = 'role' in fields ? readMessage(fields) : readTurn(fields);
  if ('reason' in read) return read;
  return {
    ...read,
    ...(weight === 0 ? { trained: false } : weight !== 1 && { weight }),
    ...(fields.prefix === true && read.role === 'assistant' && { prefix: true }),
  };
}

/** A message with the field names and the speakers that all files without tags have. */
function untagged(item: LosslessJson, tags: Tags): { readonly given: LosslessJson } | Refused {
  const fields = fieldsOf(item);
  if (!fields) return { given: item };
  const roleName = tags.role_tag ?? ('role' in fields ? 'role' : 'from');
  const contentName = tags.content_tag ?? ('content' in fields ? 'content' : 'value');
  const { [roleName]: speaker, [contentName]: content, ...more } = fields;
  if (speaker === undefined) return refused('field_missing', { name: roleName });
  if (content === undefined && !('tool_calls' in more))
    return refused('field_missing', { name: contentName });
  const tagged = TAGGED.find(([tag]) => tags[tag] !== undefined && tags[tag] === speaker)?.[1] ?? speaker;
  const role = typeof tagged === 'string' ? (SPEAKERS.get(tagged) ?? tagged) : tagged;
  if (role === 'call') return { given: { ...more, from: 'function_call', value: content ?? null } };
  if (!ROLES.some((known) => known === role)) {
    const speakers = [...SPEAKERS.keys()];
    return refused('turn_from', { name: roleName, from: losslessText(speaker), speakers });
  }
  return { given: { ...more, role, content: content ?? null } };
}

/**
 * The weight of a message's loss: 0 if a switch of axolotl or ms-swift is off; `weight` as in OpenAI's records, but any
 * number; or ms-swift's `loss_scale`.
 */
function weightOf(fields: LosslessFields): number | Refused {
  const switched = ['loss', 'train', 'training'].map((name) => fields[name]);
  if (switched.includes(false)) return 0;
  const [name = ''] = ['weight', 'loss_scale'].filter((each) => (fields[each] ?? null) !== null);
  const given = fields[name];
  return given === undefined
    ? 1
    : (lossWeight(given) ?? refused('message_weight', { name, most: MOST_WEIGHT }));
}

function readMessage(given: LosslessFields): Message | Refused {
  const { content, tool_calls = null } = given;
  const role = ROLES.find((known) => known === given.role);
  if (!role) return refused('message_role', { roles: ROLES });
  if ((given.function_call ?? null) !== null) {
    return refused('message_function_call');
  }
  const calls = tool_calls === null ? [] : readToolCalls(tool_calls);
  if ('reason' in calls) return calls;
  const fields = calls.length > 0 ? { ...given, tool_calls: calls } : withoutCalls(given);
  const listed = Array.isArray(tool_calls) ? (tool_calls as readonly LosslessJson[]) : [];
  const asGiven = calls.some((call, at) => call !== listed[at]) && { asGiven: given };
  const plain = Object.keys(fields).every((field) => field === 'role' || field === 'content');
  if (typeof content === 'string') return plain ? { role, content } : { role, content, fields, ...asGiven };
  if (content === undefined || content === null) {
    return calls.length > 0 ? { role, content: '', fields, ...asGiven } : refused('message_no_content');
  }
  if (!Array.isArray(content)) return refused('message_content');
  const texts: string[] = [];
  for (const part of (content as readonly LosslessJson[]).map(fieldsOf)) {
    if (!part) return refused('message_part');
    const { type, text } = part;
    if (typeof type !== 'string') return refused('message_part_type');
    if (type !== 'text' || typeof text !== 'string') {
      return refused('message_part_foreign', { type });
    }
    texts.push(text);
  }
  return { role, content: texts.join(''), fields, ...asGiven };
}

/** Removes an empty list of calls: templates that only ask whether a list exists would take it for a call. */
function withoutCalls(message: LosslessFields): LosslessFields {
  return Object.fromEntries(Object.entries(message).filter(([field]) => field !== 'tool_calls'));
}

/** Reads calls. OpenAI's files have their arguments as JSON text; templates expect the parsed object. */
function readToolCalls(given: LosslessJson): readonly LosslessFields[] | Refused {
  const calls = Array.isArray(given) ? (given as readonly LosslessJson[]).map(fieldsOf) : [undefined];
  const read: LosslessFields[] = [];
  for (const call of calls) {
    if (!call) return refused('message_calls');
    const called = fieldsOf(call.function);
    const meant = readArguments(called ? called.arguments : call.arguments);
    if (meant === undefined) return refused('message_arguments');
    if (meant === null) read.push(call);
    else
      read.push(
        called ? { ...call, function: { ...called, arguments: meant } } : { ...call, arguments: meant },
      );
  }
  return read;
}

/** Parses a text of arguments; null for arguments that are no text, undefined if the text is no JSON object. */
function readArguments(given: LosslessJson | undefined): LosslessJson | null | undefined {
  if (typeof given !== 'string') return null;
  const value = losslessJsonOf(given);
  return fieldsOf(value) ? value : undefined;
}

function readTurn({ from, value, ...more }: LosslessFields): Message | Refused {
  if (typeof from !== 'string') return refused('field_no_text', { name: 'from' });
  if (typeof value !== 'string') return refused('field_no_text', { name: 'value' });
  const role = SPEAKERS.get(from);
  if (!role) {
    return refused('turn_from', { name: 'from', from: JSON.stringify(from), speakers: [...SPEAKERS.keys()] });
  }
  if (role === 'assistant' && Array.isArray(more.tool_calls) && more.tool_calls.length > 0) {
    return refused('turn_calls');
  }
  if (role !== 'call') return { role, content: value };
  const tool_calls = readCalls(value);
  if (!tool_calls) return refused('turn_call');
  return { role: 'assistant', content: '', fields: { role: 'assistant', content: '', tool_calls } };
}

/** Reads a call, or a list of them, in the form that the templates of Transformers expect; undefined if it is none. */
function readCalls(json: string): readonly Fields[] | undefined {
  const value = losslessJsonOf(json);
  const calls = Array.isArray(value) ? (value as readonly LosslessJson[]) : [value];
  const read = calls.map((given) => {
    const call = fieldsOf(given);
    if (!call || typeof call.name !== 'string' || call.arguments === undefined) return undefined;
    const meant = readArguments(call.arguments);
    if (meant === undefined) return undefined;
    return { type: 'function', function: { name: call.name, arguments: meant ?? call.arguments } };
  });
  return read.length > 0 && read.every((call) => call !== undefined) ? read : undefined;
}

/**
 * Reads the tools of a record: a list, or its JSON as text. An empty list counts as no tools.
 *
 * @param bare whether functions may lack the wrapper that templates expect, as in ShareGPT's records
 */
export function readTools(
  value: LosslessJson | undefined,
  bare: boolean,
): { readonly tools?: readonly LosslessJson[] } | Refused {
  if (value === undefined || value === '') return {};
  const list = typeof value === 'string' ? losslessJsonOf(value) : value;
  if (!Array.isArray(list) || !list.every((tool) => fieldsOf(tool) !== undefined)) {
    return refused('tools_list');
  }
  if (list.length === 0) return {};
  const tools = list as readonly LosslessJson[];
  return { tools: bare ? tools.map(asFunction) : tools };
}

function asFunction(tool: LosslessJson): LosslessJson {
  return 'function' in (fieldsOf(tool) ?? {}) ? tool : { type: 'function', function: tool };
}
