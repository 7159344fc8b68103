import type { LosslessFields } from '../../core/lossless_json';
import { losslessJsonOf } from '../../core/lossless_json';
import type { Columns, Tags } from '../../core/settings/sources';
import { message } from '../../core/messages/message';
import { refused, type Refused } from '../messages';
import { readConversation } from './conversations';
import { withVerdict } from './feedback';
import { readPair } from './pair';
import { readPreference } from './preference';
import type { RecordSample } from './shape';
import { readText } from './text';

/**
 * Reads a record whose columns are named. Columns without a name are not read, as in LLaMA-Factory.
 *
 * @param tags the names within a list of messages
 */
export function mappedSample(given: LosslessFields, columns: Columns, tags: Tags): RecordSample | Refused {
  const record = withLists(given, [columns.history, columns.messages]);
  const { messages, chosen, rejected, kto_tag, text } = columns;
  const alpaca = {
    ...(columns.prompt !== undefined && { instruction: columns.prompt }),
    ...(columns.query !== undefined && { input: columns.query }),
    ...(columns.system !== undefined && { system: columns.system }),
    ...(columns.history !== undefined && { history: columns.history }),
    ...(columns.tools !== undefined && { tools: columns.tools }),
  };
  // No column has the empty name, so one without a name here is not found.
  const beside = { system: columns.system ?? '', tools: columns.tools ?? '', tags };
  const lacks = (role: keyof Columns): Refused => refused('field_missing', { name: `columns.${role}` });
  if (chosen !== undefined || rejected !== undefined) {
    if (chosen === undefined) return lacks('chosen');
    if (rejected === undefined) return lacks('rejected');
    const question = Object.keys(alpaca).length > 0 ? alpaca : undefined;
    return readPreference(record, {
      chosen,
      rejected,
      messages,
      question,
      ...beside,
    });
  }
  if (text !== undefined) return readText(record, text);
  if (messages === undefined && columns.response === undefined) return lacks('response');
  const sample =
    messages === undefined
      ? readPair(record, { ...alpaca, output: columns.response ?? 'output' }, tags)
      : readConversation(record, messages, beside);
  if (kto_tag === undefined || 'reason' in sample) return sample;
  const judged = withVerdict(sample, record, kto_tag);
  return judged ?? { reason: message('record_judges', { columns: [`“${kto_tag}”`] }) };
}

/** The record with lists in the place of their JSON text, which tables have. */
function withLists(record: LosslessFields, names: readonly (string | undefined)[]): LosslessFields {
  const read: Record<string, LosslessFields[string]> = { ...record };
  for (const name of names) {
    const value = name === undefined ? undefined : record[name];
    const list = typeof value === 'string' ? losslessJsonOf(value) : undefined;
    if (name !== undefined && Array.isArray(list)) read[name] = list as LosslessFields[string];
  }
  return read;
}
