import { fieldsOf, type LosslessFields, type LosslessJson } from '../../core/lossless_json';
import { message, type MessageValuesOf } from '../../core/messages/message';
import type { SourceOptions } from '../../core/settings/sources';
import { isLearnt, refused, type Refused } from '../messages';
import { alpaca } from './alpaca';
import { conversation } from './conversation';
import { feedback } from './feedback';
import { lossWeight, MOST_WEIGHT } from './loss_weight';
import { mappedSample } from './mapped';
import { media, mediaMarkIn } from './media';
import { pair } from './pair';
import { preference } from './preference';
import { isAbsent, type RecordSample, type RecordShape } from './shape';
import { text } from './text';

/** The forms of something to learn. A question and its answer come before Alpaca's form, which has more columns. */
const PLAIN: readonly RecordShape[] = [
  conversation('messages'),
  conversation('conversations'),
  conversation('conversation'),
  pair,
  alpaca,
  text,
];

/**
 * The forms in the order in which they are tried. Media, comparisons and verdicts come first: their columns change the meaning
 * of all others, so their records are never learnt as plain answers.
 */
const SHAPES: readonly RecordShape[] = [media, preference, feedback(PLAIN), ...PLAIN];

/** The code of a record whose columns are not recognised. */
export const UNRECOGNISED = 'record_unknown';

/** The names of a file's columns and of the fields within its messages. */
export type Mapping = Pick<SourceOptions, 'columns' | 'tags'>;

/** The content of a record, or why it can't be used. */
export function sampleOf(
  value: LosslessJson,
  { columns = {}, tags = {} }: Mapping = {},
): RecordSample | Refused {
  const given = fieldsOf(value);
  if (!given) return refused('record_no_object', { kind: kindOf(value) });
  const record = Object.fromEntries(Object.entries(given).filter(([, field]) => !isAbsent(field)));
  const names = Object.keys(given);
  const context = { given: new Set(names), tags };
  const isMapped = Object.keys(columns).length > 0;
  const shape = isMapped ? undefined : SHAPES.find((one) => one.matches(record, context.given));
  if (!shape && !isMapped) {
    const shown = names.slice(0, 8).map((name) => (name in record ? name : `${name} (null)`));
    return { code: UNRECOGNISED, reason: message('record_shapeless', { names: shown }) };
  }
  const sample = shape ? shape.read(record, context) : mappedSample(record, columns, tags);
  const mark = 'kind' in sample ? mediaMarkIn(sample) : undefined;
  if (mark === undefined) return withWeight(sample, given, columns.weight ?? (isMapped ? '' : 'weight'));
  return { code: 'record_media', reason: message('record_has_placeholder', { mark }) };
}

/** A sample with the weight of its row's loss, from the column of this name. */
function withWeight(
  sample: RecordSample | Refused,
  given: LosslessFields,
  name: string,
): RecordSample | Refused {
  const value = given[name] ?? '';
  if (!('kind' in sample) || !isLearnt(sample) || value === '') return sample;
  const weight = lossWeight(value);
  if (weight === undefined) return refused('row_weight', { name, most: MOST_WEIGHT });
  if (weight === 0) return refused('row_weight_zero', { name });
  return weight === 1 ? sample : { ...sample, weight };
}

function kindOf(value: LosslessJson): MessageValuesOf<'record_no_object'>['kind'] {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? 'boolean' : 'number';
}
