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
  /** The record without its verdict, the names of its columns, and its form. */
  const rest = (record: LosslessFields, names: ReadonlySet<string>) => {
    const given = new Set([...names].filter((name) => !VERDICTS.includes(name)));
    const judged = without(record, VERDICTS);
    return { judged, given, shape: others.find((one) => one.matches(judged, given)) };
  };
  const isAnswered = (record: LosslessFields, given: ReadonlySet<string>): boolean =>
    record.text === undefined && rest(record, given).shape !== undefined;
  return {
    matches: (record, given) => verdictIn(record, () => isAnswered(record, given)) !== undefined,
    read: (record, context) => {
      const columns = presentIn(record, VERDICTS);
      const verdict = verdictIn(record, () => true)!;
      const { judged, given, shape } = rest(record, context.given);
      const sample = shape?.read(judged, { ...context, given });
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

/**
 * The column with a verdict: a boolean, or a boolean's text as in a table. Beside an answer 0 and 1 are verdicts too, and
 * a wrong answer must not be learnt; beside anything else they are classes.
 */
function verdictIn(record: LosslessFields, isAnswered: () => boolean): string | undefined {
  return VERDICTS.find((name) => {
    const text = losslessText(record[name] ?? null);
    return /^"?(?:true|false)"?$/i.test(text) || (/^"?[01](?:\.0)?"?$/.test(text) && isAnswered());
  });
}

function verdictOf(value: LosslessJson): boolean | undefined {
  const text = losslessText(value)
    .replace(/^"|\.0$|"$/g, '')
    .trim()
    .toLowerCase();
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : undefined;
}
