import * as v from 'valibot';
import { fieldsOf, Float, type LosslessFields, type LosslessJson } from '../core/lossless_json';
import { readConversation } from './conversations';
import type { Message, Refused, Sample } from './messages';

/** A form that records have. Columns that are null, or NaN as pandas writes it, count as absent. */
interface RecordShape {
  /** @param given the names of all columns, the absent ones too */
  matches(record: LosslessFields, given: ReadonlySet<string>): boolean;
  read(record: LosslessFields): Sample | Refused;
}

const MEDIA = ['images', 'image', 'videos', 'video', 'audios', 'audio'];
const PREFERENCE = ['chosen', 'rejected', 'rejected_response', 'rejected_messages'];
const FEEDBACK = ['label', 'kto_tag'];

/**
 * The forms in the order in which they are looked for. Those of other objectives come first: their columns change the
 * meaning of all others, so that their records are never learnt as plain answers. An objective that takes one reads it
 * here.
 */
const SHAPES: readonly RecordShape[] = [
  {
    matches: (record) => MEDIA.some((name) => isFilled(record[name])),
    read: (record) => ({
      code: 'record_media',
      reason: `It has pictures, sound or film (${listed(record, MEDIA)}), and only texts can be learnt from.`,
    }),
  },
  {
    matches: (record) => PREFERENCE.some((name) => record[name] !== undefined),
    read: (record) => ({
      code: 'record_preference',
      reason: `It compares answers (${listed(record, PREFERENCE)}), which is for preference training. To learn the better answer, give it as "output" or in "messages", and leave out the other.`,
    }),
  },
  {
    matches: (record) => FEEDBACK.some((name) => isVerdict(record[name])),
    read: (record) => ({
      code: 'record_feedback',
      reason: `It says whether its answer is good (${listed(record, FEEDBACK)}), as KTO's records do. Keep the good ones and leave out that column to learn them.`,
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

/** What a record teaches, or why it can't be used. */
export function sampleOf(value: LosslessJson): Sample | Refused {
  const given = fieldsOf(value);
  if (!given) return { reason: `A record must be an object, but this is ${kindOf(value)}.` };
  const record = Object.fromEntries(Object.entries(given).filter(([, field]) => !isAbsent(field)));
  const names = Object.keys(given);
  const shape = SHAPES.find((one) => one.matches(record, new Set(names)));
  if (!shape) {
    const shown = names.slice(0, 8).map((name) => (name in record ? name : `${name} (null)`));
    return {
      code: 'record_unknown',
      reason: `A record needs "messages", "conversations", "instruction" and "output", or "text"; this one has ${shown.join(', ') || 'nothing'}.`,
    };
  }
  const sample = shape.read(record);
  const placeholder = 'kind' in sample ? placeholderIn(sample) : undefined;
  if (placeholder === undefined) return sample;
  return {
    code: 'record_media',
    reason: `It asks about a picture, sound or film that stands for ${placeholder}, and only texts can be learnt from.`,
  };
}

/** The mark that stands for a medium at an end of a question, as LLaVA's and LLaMA-Factory's records have it. */
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

/** A yes or no, also as a table writes it. */
function isVerdict(value: LosslessJson | undefined): boolean {
  return typeof value === 'boolean' || (typeof value === 'string' && /^(?:true|false)$/i.test(value));
}

function listed(record: LosslessFields, names: readonly string[]): string {
  return names
    .filter((name) => record[name] !== undefined)
    .map((name) => `"${name}"`)
    .join(', ');
}

const filled = (name: string): v.GenericSchema<unknown, string> =>
  v.pipe(
    v.string(`"${name}" must be a text`),
    v.check((value) => value.trim() !== '', `"${name}" is empty`),
  );
const optional = (name: string): v.GenericSchema<unknown, string> =>
  v.optional(v.string(`"${name}" must be a text`), '');

const turnText = v.string('each turn of "history" must be a pair of texts');

const alpacaRecord = v.object({
  instruction: optional('instruction'),
  input: optional('input'),
  output: filled('output'),
  system: optional('system'),
  history: v.optional(
    v.array(
      v.tuple([turnText, turnText], 'each turn of "history" must be a pair of texts'),
      '"history" must be a list of pairs [instruction, output]',
    ),
    [],
  ),
});

const textRecord = v.object({ text: filled('text') });

function validated<Schema extends v.GenericSchema>(
  schema: Schema,
  record: LosslessFields,
  convert: (record: v.InferOutput<Schema>) => Sample | Refused,
): Sample | Refused {
  const result = v.safeParse(schema, record);
  if (result.success) return convert(result.output);
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? '';
  return {
    reason: issue.input === undefined && !path.includes('.') ? `"${path}" is missing.` : `${issue.message}.`,
  };
}

function alpacaSample(record: v.InferOutput<typeof alpacaRecord>): Sample | Refused {
  const { instruction, input, output, system, history } = record;
  if (instruction.trim() === '' && input.trim() === '') return { reason: '"instruction" is empty.' };
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

function kindOf(value: LosslessJson): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Float || typeof value === 'bigint') return 'a number';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
