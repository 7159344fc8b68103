import * as v from 'valibot';
import type { LosslessFields } from '../../core/lossless_json';
import { refused, type Refused } from '../messages';

/** The codes that the schemas report as the text of an issue. */
export type FieldFault = 'field_no_text' | 'field_empty' | 'history_turn' | 'history_list';

/** The columns of a record by their roles, which are the keys of a schema. */
export type ColumnNames = Readonly<Partial<Record<string, string>>>;

export const filled = (): v.GenericSchema<unknown, string> =>
  v.pipe(
    v.string('field_no_text' satisfies FieldFault),
    v.check((value) => value.trim() !== '', 'field_empty' satisfies FieldFault),
  );

export const optional = (): v.GenericSchema<unknown, string> =>
  v.optional(v.string('field_no_text' satisfies FieldFault), '');

/** Reads the columns of a record by a schema. A fault names the column as the record has it. */
export function validated<Schema extends v.GenericSchema, Read>(
  schema: Schema,
  record: LosslessFields,
  columns: ColumnNames,
  convert: (record: v.InferOutput<Schema>) => Read | Refused,
): Read | Refused {
  const values = Object.entries(columns).map(([role, column]) => [role, record[column ?? role]]);
  const result = v.safeParse(schema, Object.fromEntries(values));
  if (result.success) return convert(result.output);
  const [issue] = result.issues;
  const [role = '', ...deeper] = (v.getDotPath(issue) ?? '').split('.');
  const name = [columns[role] ?? role, ...deeper].join('.');
  if (issue.input === undefined && deeper.length === 0) return refused('field_missing', { name });
  const fault = issue.message as FieldFault;
  return fault === 'field_no_text' || fault === 'field_empty' ? refused(fault, { name }) : refused(fault);
}
