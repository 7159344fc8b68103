import * as v from 'valibot';
import type { LosslessFields } from '../../core/lossless_json';
import type { Refused, Sample } from '../messages';
import type { RecordShape } from './shape';
import { filled, validated } from './validated';

const textRecord = v.object({ text: filled() });

/** A text for plain language modelling. */
export const text: RecordShape = {
  matches: ({ text }) => text !== undefined,
  read: (record) => readText(record, 'text'),
};

/** @param column the name of the one with the text */
export function readText(record: LosslessFields, column: string): Sample | Refused {
  return validated(textRecord, record, { text: column }, ({ text }): Sample => ({ kind: 'text', text }));
}
