import { fieldsOf, type LosslessFields, type LosslessJson } from '../../core/lossless_json';
import type { Columns, Tags } from '../../core/settings/sources';
import type { Mapping } from './index';
import type { ColumnValues } from './found_columns';

/** Parts of names by the role that they hint at, the clearest first. */
const HINTS: readonly (readonly [keyof Columns, RegExp])[] = [
  ['chosen', /chosen|preferred/i],
  ['rejected', /rejected/i],
  ['system', /system|系统/i],
  ['response', /answer|response|repl(?:y|ies)|output|completion|assistant|回答|答|回复|输出/i],
  ['prompt', /question|prompt|instruction|quer(?:y|ies)|request|user|问|指令|提示/i],
  ['query', /input|context|passage|document|输入|上下文|材料/i],
];

const ORDER = ['prompt', 'query', 'response', 'system', 'chosen', 'rejected'] as const;

/** Columns that describe a record and say nothing to learn. */
const DESCRIPTIONS =
  /^(?:id|uuid|url|link|date|time|source|split|lang|language|category|type|tag|title|name|model|score|hash|.*_id|编号|来源|类别|日期)$/i;

/** Names of the speaker within a message. */
const SPEAKER = /^(?:role|from|speaker|author|who|sender|角色)$/i;

/**
 * Guesses the roles of a file's columns from their names and values; undefined if nothing hints at them. A person should
 * see the guess before it is used.
 */
export function guessMapping(columns: readonly ColumnValues[]): Mapping | undefined {
  for (const { name, values } of columns) {
    const tags = tagsOf(values);
    if (tags) return { columns: { messages: name }, ...(Object.keys(tags).length > 0 && { tags }) };
  }
  const texts = columns.filter(({ name, values }) => !DESCRIPTIONS.test(name.trim()) && areTexts(values));
  const roles = new Map<keyof Columns, string>();
  const free = new Set(texts.map(({ name }) => name));
  for (const [role, hint] of HINTS) {
    const found = [...free].find((name) => hint.test(name));
    if (found === undefined) continue;
    roles.set(role, found);
    free.delete(found);
  }
  if (texts.length === 1 && !roles.has('prompt')) return { columns: { text: texts[0]!.name } };
  const take = (role: keyof Columns, name: string | undefined): void => {
    if (roles.has(role) || name === undefined) return;
    roles.set(role, name);
    free.delete(name);
  };
  const compares = roles.has('chosen') && roles.has('rejected');
  const byLength = texts.filter(({ name }) => free.has(name)).sort((a, b) => lengthOf(b) - lengthOf(a));
  if (!compares) take('response', byLength[0]?.name);
  if (!roles.has('prompt')) {
    const query = roles.get('query');
    roles.delete('query');
    take('prompt', query ?? [...free][0]);
  }
  if (!roles.has('prompt') || !(compares || roles.has('response'))) return undefined;
  const ordered = ORDER.flatMap((role) => {
    const name = roles.get(role);
    return name === undefined ? [] : [[role, name] as const];
  });
  return { columns: Object.fromEntries(ordered) };
}

/** The tags of a list of messages that have other names than usual; undefined if the values are no such lists. */
function tagsOf(values: readonly LosslessJson[]): Tags | undefined {
  const messages = values.flatMap((value) =>
    Array.isArray(value) ? (value as readonly LosslessJson[]).map(fieldsOf) : [undefined],
  );
  if (messages.length === 0 || messages.includes(undefined)) return undefined;
  const all = messages as readonly LosslessFields[];
  const names = Object.keys(all[0] ?? {}).filter((name) => all.every((one) => typeof one[name] === 'string'));
  const speaker = names.find((name) => SPEAKER.test(name));
  if (speaker === undefined) return undefined;
  const [content] = names
    .filter((name) => name !== speaker)
    .map((name) => ({ name, length: all.reduce((sum, one) => sum + textLength(one[name]), 0) }))
    .sort((a, b) => b.length - a.length);
  if (!content) return undefined;
  const usual = ['role', 'from'].includes(speaker) && ['content', 'value'].includes(content.name);
  return usual ? {} : { role_tag: speaker, content_tag: content.name };
}

function areTexts(values: readonly LosslessJson[]): boolean {
  return values.length > 0 && values.every((value) => typeof value === 'string' && !isNumber(value));
}

/** Whether a cell of a table is a number. */
function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

function textLength(value: LosslessJson | undefined): number {
  return typeof value === 'string' ? value.length : 0;
}

function lengthOf({ values }: ColumnValues): number {
  return values.reduce<number>((sum, value) => sum + textLength(value), 0) / values.length;
}
