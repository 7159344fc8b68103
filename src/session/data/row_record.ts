import { Float, type LosslessFields } from '../../core/lossless_json';
import type { Sample } from '../../data/records';
import { recordOf } from '../../exports/cluster/records';

/** A sample as a record that is read as this sample again: one with an input as Alpaca's, because its prompt shows it. */
export function rowRecord(sample: Sample): LosslessFields {
  const alpaca = sample.kind === 'chat' ? sample.messages.at(-2)?.alpaca : undefined;
  if (sample.kind !== 'chat' || !alpaca) return recordOf(sample);
  const [first] = sample.messages;
  const system = first?.role === 'system' ? first.content : undefined;
  const turns = sample.messages.slice(system === undefined ? 0 : 1, -2).map(({ content }) => content);
  const history = turns.flatMap((turn, at) => (at % 2 === 0 ? [[turn, turns[at + 1] ?? '']] : []));
  return {
    ...alpaca,
    output: sample.messages.at(-1)?.content ?? '',
    ...(system !== undefined && { system }),
    ...(history.length > 0 && { history }),
    ...(sample.weight !== undefined && { weight: new Float(sample.weight) }),
  };
}
