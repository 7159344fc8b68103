import * as v from 'valibot';
import { fieldsOf, Float, type LosslessFields, type LosslessJson } from '../core/lossless_json';
import { readConversation } from './conversations';
import { message, type MessageValuesOf } from '../core/messages/message';
import { refused, type Message, type Refused, type Sample } from './messages';

/** The codes that the schemas below report as the text of an issue. */
type FieldFault = 'field_no_text' | 'field_empty' | 'history_turn' | 'history_list';

/** A known form of records. Columns that are null, or NaN as pandas writes it, count as absent. */
interface RecordShape {
  /** @param given the names of all columns, the absent ones too */
  matches(record: LosslessFields, given: ReadonlySet<string>): boolean;
  read(record: LosslessFields): Sample | Refused;
}

const MEDIA = ['images', 'image', 'videos', 'video', 'audios', 'audio'];
const PREFERENCE = ['chosen', 'rejected', 'rejected_response', 'rejected_messages'];
const FEEDBACK = ['label', 'kto_tag'];

/**
 * The forms in the order in which they are tried. Forms of other objectives come first: their columns change the
 * meaning of all others, so their records are never learnt as plain answers. An objective that supports one reads it
 * here.
 */
const SHAPES: readonly RecordShape[] = [
  {
    matches: (record) => MEDIA.some((name) => isFilled(record[name])),
    read: (record) => ({
      code: 'record_media',
      reason: message('record_has_media', { columns: presentIn(record, MEDIA) }),
    }),
  },
  {
    matches: (record) => PREFERENCE.some((name) => record[name] !== undefined),
    read: (record) => ({
      code: 'record_preference',
      reason: message('record_compares', { columns: presentIn(record, PREFERENCE) }),
    }),
  },
  {
    matches: (record) => FEEDBACK.some((name) => isVerdict(record[name])),
    read: (record) => ({
      code: 'record_feedback',
      reason: message('record_judges', { columns: presentIn(record, FEEDBACK) }),
    }),
  },
  {
    matches: ({ messages }) => messages !== undefined,
    read: (record) => readConversation(record, 'messages'),
  },
  {
    matches: ({ conversations }) => conversations !== undefined,
    read: (record) => readConversation(record, 'conversations'),
  },
  {
    matches: ({ instruction, output }, given) =>
      instruction !== undefined || (output !== undefined && given.has('instruction')),
    read: (record) => validated(alpacaRecord, record, alpacaSample),
  },
  {
    matches: ({ text }) => text !== undefined,
    read: (record) => validated(textRecord, record, ({ text }) => ({ kind: 'text', text })),
  },
];

/** The content of a record, or why it can't be used. */
export function sampleOf(value: LosslessJson): Sample | Refused {
  const given = fieldsOf(value);
  if (!given) return refused('record_no_object', { kind: kindOf(value) });
  const record = Object.fromEntries(Object.entries(given).filter(([, field]) => !isAbsent(field)));
  const names = Object.keys(given);
  const shape = SHAPES.find((one) => one.matches(record, new Set(names)));
  if (!shape) {
    const shown = names.slice(0, 8).map((name) => (name in record ? name : `${name} (null)`));
    return {
      code: 'record_unknown',
      reason: message('record_shapeless', { names: shown }),
    };
  }
  const sample = shape.read(record);
  const placeholder = 'kind' in sample ? placeholderIn(sample) : undefined;
  if (placeholder === undefined) return sample;
  return {
    code: 'record_media',
    reason: message('record_has_placeholder', { mark: placeholder }),
  };
}

/**
 * The mark of a picture or another medium at the beginning or end of a question, as in LLaVA's and LLaMA-Factory's
 * records.
 */
function placeholderIn(sample: Sample): string | undefined {
  if (sample.kind !== 'chat') return undefined;
  for (const { role, content } of sample.messages) {
    if (role === 'user') {
      const found = /^\s*(<(?:image|video|audio)>)|(<(?:image|video|audio)>)\s*$/.exec(content);
      if (found) return found[1] ?? found[2];
    }
  }
  return undefined;
}

function isAbsent(value: LosslessJson): boolean {
  return value === null || (value instanceof Float && Number.isNaN(value.value));
}

function isFilled(value: LosslessJson | undefined): boolean {
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
}

/** Whether a value is a boolean, or a boolean's text as in a table. */
function isVerdict(value: LosslessJson | undefined): boolean {
  return typeof value === 'boolean' || (typeof value === 'string' && /^(?:true|false)$/i.test(value));
}

function presentIn(record: LosslessFields, names: readonly string[]): readonly string[] {
  return names.filter((name) => record[name] !== undefined).map((name) => `“${name}”`);
}

const filled = (): v.GenericSchema<unknown, string> =>
  v.pipe(
    v.string('field_no_text' satisfies FieldFault),
    v.check((value) => value.trim() !== '', 'field_empty' satisfies FieldFault),
  );
const optional = (): v.GenericSchema<unknown, string> =>
  v.optional(v.string('field_no_text' satisfies FieldFault), '');

const turnText = v.string('history_turn' satisfies FieldFault);

const alpacaRecord = v.object({
  instruction: optional(),
  input: optional(),
  output: filled(),
  system: optional(),
  history: v.optional(
    v.array(
      v.tuple([turnText, turnText], 'history_turn' satisfies FieldFault),
      'history_list' satisfies FieldFault,
    ),
    [],
  ),
});

const textRecord = v.object({ text: filled() });

function validated<Schema extends v.GenericSchema>(
  schema: Schema,
  record: LosslessFields,
  convert: (record: v.InferOutput<Schema>) => Sample | Refused,
): Sample | Refused {
  const result = v.safeParse(schema, record);
  if (result.success) return convert(result.output);
  const [issue] = result.issues;
  const name = v.getDotPath(issue) ?? '';
  if (issue.input === undefined && !name.includes('.')) return refused('field_missing', { name });
  const fault = issue.message as FieldFault;
  return fault === 'field_no_text' || fault === 'field_empty' ? refused(fault, { name }) : refused(fault);
}

function alpacaSample(record: v.InferOutput<typeof alpacaRecord>): Sample | Refused {
  const { instruction, input, output, system, history } = record;
  if (instruction.trim() === '' && input.trim() === '')
    return refused('field_empty', { name: 'instruction' });
  const messages: Message[] = [];
  if (system.trim() !== '') messages.push({ role: 'system', content: system });
  for (const [question, answer] of history) {
    messages.push({ role: 'user', content: question }, { role: 'assistant', content: answer });
  }
  const parts = [instruction, input].filter((part) => part.trim() !== '');
  const content = parts.join('\n');
  messages.push(
    parts.length < 2 ? { role: 'user', content } : { role: 'user', content, alpaca: { instruction, input } },
    { role: 'assistant', content: output },
  );
  return { kind: 'chat', messages };
}

function kindOf(value: LosslessJson): MessageValuesOf<'record_no_object'>['kind'] {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? 'boolean' : 'number';
}
