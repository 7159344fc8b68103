import type { LosslessFields, LosslessJson } from '../../core/lossless_json';
import type { Tags } from '../../core/settings/sources';
import { refused, type Refused, type Sample } from '../messages';
import { readAlpaca, type AlpacaColumns } from './alpaca';
import { ADDITIONS, ANSWERS, columnsNamed, QUESTIONS } from './column_names';
import { readConversation } from './conversations';
import type { RecordShape } from './shape';

/**
 * A question and its answer, each a text, or as TRL's prompt and completion also a list of messages. Texts become a
 * conversation, so the template surrounds them. Exactly one column must have a name of each side.
 */
export const pair: RecordShape = {
  matches: (_, given) => namesIn(given) !== undefined,
  read: (record, { given, tags }) => {
    const beside = { system: 'system', history: 'history', tools: 'tools' };
    return readPair(record, { ...namesIn(given)!, ...beside }, tags);
  },
};

/** Reads a question and its answer, each a text or a list of messages. */
export function readPair(record: LosslessFields, columns: AlpacaColumns, tags: Tags): Sample | Refused {
  const { instruction = '', output = 'output', system, tools } = columns;
  const asked = record[instruction];
  const answered = record[output];
  if (!Array.isArray(asked) && !Array.isArray(answered)) return readAlpaca(record, columns);
  if (asked === undefined) return refused('field_missing', { name: instruction });
  if (answered === undefined) return refused('field_missing', { name: output });
  const prompt = messagesIn(asked, 'user');
  const list = [...prompt, ...messagesIn(answered, 'assistant')];
  const sample = readConversation({ ...record, [instruction]: list }, instruction, { system, tools, tags });
  if ('reason' in sample) return sample;
  // As in TRL, nothing of the prompt is learnt. A system message of its own column stands before the list.
  const learnt = prompt.length + (sample.messages.length - list.length);
  return {
    ...sample,
    messages: sample.messages.map((message, at) =>
      at < learnt && message.role === 'assistant' ? { ...message, trained: false } : message,
    ),
  };
}

function messagesIn(value: LosslessJson | undefined, role: string): readonly LosslessJson[] {
  if (Array.isArray(value)) return value as readonly LosslessJson[];
  return value === undefined ? [] : [{ role, content: value }];
}

function namesIn(
  given: ReadonlySet<string>,
): { readonly instruction: string; readonly output: string } | undefined {
  if (columnsNamed(given, ADDITIONS).length > 0) return undefined;
  const [instruction, ...otherQuestions] = columnsNamed(given, QUESTIONS);
  const [output, ...otherAnswers] = columnsNamed(given, ANSWERS);
  if (instruction === undefined || output === undefined) return undefined;
  return otherQuestions.length + otherAnswers.length > 0 ? undefined : { instruction, output };
}
