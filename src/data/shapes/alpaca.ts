import * as v from 'valibot';
import type { LosslessFields } from '../../core/lossless_json';
import { refused, type Message, type Refused, type Sample } from '../messages';
import { ANSWERS, columnsNamed } from './column_names';
import { readTools } from './conversations';
import type { RecordShape } from './shape';
import { filled, optional, validated, type ColumnNames, type FieldFault } from './validated';

const turnText = v.string('history_turn' satisfies FieldFault);

const question = {
  instruction: optional(),
  input: optional(),
  system: optional(),
  history: v.optional(
    v.array(
      v.tuple([turnText, turnText], 'history_turn' satisfies FieldFault),
      'history_list' satisfies FieldFault,
    ),
    [],
  ),
};
const questionRecord = v.object(question);
const alpacaRecord = v.object({ ...question, output: filled() });

/** The columns of a question and the answer to it, by Alpaca's names. */
export type AlpacaColumns = ColumnNames &
  Readonly<Partial<Record<'instruction' | 'input' | 'output' | 'system' | 'history' | 'tools', string>>>;

const ALPACA: AlpacaColumns = {
  instruction: 'instruction',
  input: 'input',
  output: 'output',
  system: 'system',
  history: 'history',
};

/** Instructions with an input, an answer, a system message and earlier turns, as Stanford Alpaca and LLaMA-Factory have them. */
export const alpaca: RecordShape = {
  matches: ({ instruction, output }, given) =>
    (instruction !== undefined && (given.has('output') || columnsNamed(given, ANSWERS).length === 0)) ||
    (output !== undefined && given.has('instruction')),
  read: (record) => readAlpaca(record, ALPACA),
};

/** Reads a question and its answer. A role without a column here is not read. */
export function readAlpaca(record: LosslessFields, columns: AlpacaColumns): Sample | Refused {
  return validated(alpacaRecord, record, columns, ({ output, ...asked }) => {
    const messages = messagesOf(asked, columns);
    if ('reason' in messages) return messages;
    const read = columns.tools === undefined ? {} : readTools(record[columns.tools], true);
    if ('reason' in read) return read;
    return {
      kind: 'chat',
      messages: [...messages, { role: 'assistant', content: output }],
      ...(read.tools && { tools: read.tools }),
    };
  });
}

/** Reads the part of a record that stands before its answers. */
export function readQuestion(record: LosslessFields, columns: AlpacaColumns): readonly Message[] | Refused {
  return validated(questionRecord, record, columns, (asked) => messagesOf(asked, columns));
}

function messagesOf(
  { instruction, input, system, history }: v.InferOutput<typeof questionRecord>,
  columns: AlpacaColumns,
): readonly Message[] | Refused {
  if (instruction.trim() === '' && input.trim() === '') {
    return refused('field_empty', { name: columns.instruction ?? columns.input ?? 'instruction' });
  }
  const messages: Message[] = [];
  if (system.trim() !== '') messages.push({ role: 'system', content: system });
  for (const [asked, answered] of history) {
    messages.push({ role: 'user', content: asked }, { role: 'assistant', content: answered });
  }
  const parts = [instruction, input].filter((part) => part.trim() !== '');
  const content = parts.join('\n');
  messages.push(
    parts.length < 2 ? { role: 'user', content } : { role: 'user', content, alpaca: { instruction, input } },
  );
  return messages;
}
