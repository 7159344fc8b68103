import { fieldsOf, losslessText, type LosslessFields, type LosslessJson } from '../../core/lossless_json';
import { refused, type Message, type Refused } from '../messages';
import { readQuestion, type AlpacaColumns } from './alpaca';
import { columnsNamed, QUESTIONS } from './column_names';
import { readConversation, readTools, type ConversationOptions } from './conversations';
import type { RecordSample, RecordShape } from './shape';

const COLUMNS = ['chosen', 'rejected', 'rejected_response', 'rejected_messages'];

/** The columns of two answers and of the prompt before them. */
export interface PreferenceColumns extends ConversationOptions {
  readonly chosen: string;
  readonly rejected: string;
  /** A list of messages. */
  readonly messages?: string | undefined;
  /** Texts. */
  readonly question?: AlpacaColumns | undefined;
}

/**
 * Two answers to one prompt: TRL's records, LLaMA-Factory's with `ranking`, and ms-swift's. Each answer is a text, a
 * message or a list of messages. If both lists begin with a prompt, their common beginning is the prompt.
 */
export const preference: RecordShape = {
  matches: (record) => COLUMNS.some((name) => record[name] !== undefined),
  read: (record, { given, tags }) => {
    const messages = ['messages', 'conversations'].find((name) => record[name] !== undefined);
    const rejected = COLUMNS.slice(1).find((name) => record[name] !== undefined) ?? 'rejected';
    if (record.chosen === undefined && messages !== undefined && rejected !== 'rejected') {
      return readRejected(record, messages, { rejected, tags });
    }
    const question = questionIn(record, given);
    return readPreference(record, { chosen: 'chosen', rejected, messages, question, tags });
  },
};

/** ms-swift's records: a whole conversation, and what was rejected in the place of its last answer. */
function readRejected(
  record: LosslessFields,
  name: string,
  { rejected, tags }: Pick<PreferenceColumns, 'rejected' | 'tags'>,
): RecordSample | Refused {
  const list = listOf(record[name]);
  if (!list) return refused('field_no_list', { name });
  const whole = rejected === 'rejected_messages';
  const split = { ...record, [name]: list.slice(0, -1), chosen: whole ? list : list.slice(-1) };
  return readPreference(split, { chosen: 'chosen', rejected, messages: whole ? undefined : name, tags });
}

/** Reads two answers and their prompt. */
export function readPreference(record: LosslessFields, columns: PreferenceColumns): RecordSample | Refused {
  const given = { chosen: listOf(record[columns.chosen]), rejected: listOf(record[columns.rejected]) };
  if (!given.chosen) return refused('field_missing', { name: columns.chosen });
  if (!given.rejected) return refused('field_missing', { name: columns.rejected });
  const common = commonLength(given.chosen, given.rejected);
  if (common === given.chosen.length && common === given.rejected.length) return refused('preference_same');
  const shared = beginsWithPrompt(given.chosen, columns) && beginsWithPrompt(given.rejected, columns);
  const prompt = shared
    ? readList(record, given.chosen.slice(0, common), columns)
    : readPrompt(record, columns);
  if ('reason' in prompt) return prompt;
  const from = shared ? common : 0;
  const chosen = readAnswer(given.chosen.slice(from), columns.chosen, columns);
  if ('reason' in chosen) return chosen;
  const rejected = readAnswer(given.rejected.slice(from), columns.rejected, columns);
  if ('reason' in rejected) return rejected;
  const { messages, ...extras } = prompt;
  return { kind: 'preference', prompt: messages, chosen, rejected, ...extras };
}

type Prompt = Pick<RecordSample & { kind: 'chat' }, 'messages' | 'tools' | 'variables'>;

function readPrompt(record: LosslessFields, columns: PreferenceColumns): Prompt | Refused {
  const { messages, question, tools: toolsName = 'tools' } = columns;
  if (messages !== undefined) return readList(record, record[messages], columns);
  const asked = question?.instruction === undefined ? undefined : record[question.instruction];
  if (Array.isArray(asked)) return readList(record, asked as readonly LosslessJson[], columns);
  if (!question) return refused('preference_no_prompt');
  const read = readQuestion(record, question);
  if ('reason' in read) return read;
  const tools = readTools(record[toolsName], true);
  return 'reason' in tools ? tools : { messages: read, ...tools };
}

function readList(
  record: LosslessFields,
  list: LosslessJson | undefined,
  columns: PreferenceColumns,
): Prompt | Refused {
  if (Array.isArray(list) && list.length === 0) return refused('preference_no_prompt');
  const name = columns.messages ?? 'messages';
  const read = readConversation(list === undefined ? record : { ...record, [name]: list }, name, columns);
  if ('reason' in read) return read;
  const { messages, tools, variables } = read;
  return { messages, ...(tools && { tools }), ...(variables && { variables }) };
}

function readAnswer(
  list: readonly LosslessJson[],
  name: string,
  { tags }: PreferenceColumns,
): readonly Message[] | Refused {
  if (list.length === 0) return refused('field_empty', { name });
  const messages = list.map((each) =>
    typeof each === 'string' ? { role: 'assistant', content: each } : each,
  );
  const isText = list.length === 1 && typeof list[0] === 'string';
  const read = readConversation({ [name]: messages }, name, isText ? {} : { tags });
  return 'reason' in read ? read : read.messages;
}

/** The columns of a prompt as texts. */
function questionIn(record: LosslessFields, given: ReadonlySet<string>): AlpacaColumns | undefined {
  const beside = { system: 'system', history: 'history' };
  if (record.instruction !== undefined) return { instruction: 'instruction', input: 'input', ...beside };
  const instruction = columnsNamed(given, QUESTIONS).find((name) => record[name] !== undefined);
  return instruction === undefined ? undefined : { instruction, ...beside };
}

/** The messages or the text of a column as a list; undefined if it has none. */
function listOf(value: LosslessJson | undefined): readonly LosslessJson[] | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? (value as readonly LosslessJson[]) : [value];
}

/** Whether a list begins with something else than an answer. */
function beginsWithPrompt([first]: readonly LosslessJson[], { tags = {} }: PreferenceColumns): boolean {
  const fields = fieldsOf(first);
  if (!fields) return false;
  const { role_tag, assistant_tag } = tags;
  const speaker = role_tag === undefined ? (fields.role ?? fields.from) : fields[role_tag];
  return !['assistant', 'gpt', 'function_call', assistant_tag].some((name) => name === speaker);
}

function commonLength(a: readonly LosslessJson[], b: readonly LosslessJson[]): number {
  const differs = a.findIndex((each, at) => at >= b.length || losslessText(each) !== losslessText(b[at]!));
  return differs < 0 ? a.length : differs;
}
