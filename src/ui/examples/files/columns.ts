import { array, object, optional, record, string } from 'valibot';
import type { DataReport } from '../../../worker/protocol';
import { keep, readKept } from '../../shared/persist';

export type SourceReport = DataReport['sources'][number];
export type Mapping = NonNullable<SourceReport['guess']>;

/** The roles that a person may give to a column, in the order of the page. */
export const ROLES = [
  'prompt',
  'query',
  'response',
  'system',
  'history',
  'messages',
  'tools',
  'text',
  'chosen',
  'rejected',
  'kto_tag',
  'weight',
] as const;
/** Names within the messages of a list. */
export const TAGS = [
  'role_tag',
  'content_tag',
  'user_tag',
  'assistant_tag',
  'system_tag',
  'function_tag',
  'observation_tag',
] as const;

const KEY = 'columns';
const keptSchema = array(
  object({
    shape: string(),
    columns: record(string(), string()),
    tags: optional(record(string(), string())),
  }),
);
const MOST_KEPT = 50;

/** Equal for files with the same columns. */
function shapeOf({ columns }: Pick<SourceReport, 'columns'>): string {
  return JSON.stringify(columns.map(({ name }) => name).sort());
}

/** The mapping that a person chose for a file with the same columns. */
export function rememberedMapping(source: Pick<SourceReport, 'columns'>): Mapping | undefined {
  const shape = shapeOf(source);
  const found = readKept(KEY, keptSchema)?.find((each) => each.shape === shape);
  return found && { columns: found.columns, ...(found.tags && { tags: found.tags }) };
}

/** Remembers a mapping for the next file with the same columns. */
export function rememberMapping(source: Pick<SourceReport, 'columns'>, mapping: Mapping): void {
  const shape = shapeOf(source);
  const others = (readKept(KEY, keptSchema) ?? []).filter((each) => each.shape !== shape);
  keep(KEY, [{ shape, ...mapping }, ...others].slice(0, MOST_KEPT));
}

/** A mapping in which a role or a tag has another name; the empty name takes it away. */
export function withName(mapping: Mapping, part: 'columns' | 'tags', role: string, name: string): Mapping {
  const others = Object.entries(mapping[part] ?? {}).filter(([each]) => each !== role);
  const names = name.trim() === '' ? others : [...others, [role, name] as const];
  return { ...mapping, [part]: Object.fromEntries(names) };
}
