import { losslessText, type LosslessFields, type LosslessJson } from '../../core/lossless_json';
import { message } from '../../core/messages/message';
import { refused, type Refused } from '../messages';
import { presentIn, without, type RecordSample, type RecordShape } from './shape';

const VERDICTS = ['kto_tag', 'label'];

/**
 * Answers that were judged one by one: any form of a conversation with a boolean beside it, as in KTO's records.
 *
 * @param others the forms of conversations
 */
export function feedback(others: readonly RecordShape[]): RecordShape {
  return {
    matches: (record) => VERDICTS.some((name) => isBoolean(record[name])),
    read: (record, context) => {
      const columns = presentIn(record, VERDICTS);
      const verdict = VERDICTS.find((name) => isBoolean(record[name]))!;
      const given = new Set([...context.given].filter((name) => !VERDICTS.includes(name)));
      const rest = without(record, VERDICTS);
      const shape = others.find((one) => one.matches(rest, given));
      const sample = shape?.read(rest, { ...context, given });
      if (sample && 'reason' in sample) return sample;
      const read = sample && withVerdict(sample, record, verdict);
      return read ?? { code: 'record_feedback', reason: message('record_judges', { columns }) };
    },
  };
}

/**
 * The conversation with its verdict; undefined for a sample that is none.
 *
 * @param column the name of the one with the verdict: a boolean, its text, or 0 and 1
 */
export function withVerdict(
  sample: RecordSample,
  record: LosslessFields,
  column: string,
): RecordSample | Refused | undefined {
  if (sample.kind !== 'chat') return undefined;
  const value = record[column];
  if (value === undefined) return refused('field_missing', { name: column });
  const desirable = verdictOf(value);
  if (desirable === undefined) return refused('verdict_unclear', { name: column });
  if (sample.messages.at(-1)?.role !== 'assistant') return refused('verdict_no_answer');
  return { ...sample, kind: 'feedback', desirable };
}

/** Whether a value is a boolean, or a boolean's text as in a table. */
function isBoolean(value: LosslessJson | undefined): boolean {
  return typeof value === 'boolean' || (typeof value === 'string' && /^(?:true|false)$/i.test(value));
}

function verdictOf(value: LosslessJson): boolean | undefined {
  const text = losslessText(value)
    .replace(/^"|\.0$|"$/g, '')
    .trim()
    .toLowerCase();
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : undefined;
}
