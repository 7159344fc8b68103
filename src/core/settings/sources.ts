import * as v from 'valibot';
import { isRecord } from '../json';
import { message } from '../messages/message';
import type { Kind } from './kind';

const SPLITS = ['train', 'eval'] as const;

const name = v.pipe(v.string(), v.nonEmpty());

/** The label that the Encoding standard has for a name of an encoding; undefined for an unknown name. */
function encodingLabel(given: string): string | undefined {
  try {
    // GB18030 contains GBK.
    return new TextDecoder(given).encoding.replace(/^gbk$/, 'gb18030');
  } catch {
    return undefined;
  }
}

const encoding = v.pipe(
  v.string(),
  v.check((given) => encodingLabel(given) !== undefined),
  v.transform((given) => encodingLabel(given) ?? given),
);
/** The columns of a record, by the words of LLaMA-Factory's dataset_info.json, `text` for plain texts, and `weight` of the loss. */
const columns = v.strictObject({
  prompt: v.optional(name),
  query: v.optional(name),
  response: v.optional(name),
  history: v.optional(name),
  messages: v.optional(name),
  system: v.optional(name),
  tools: v.optional(name),
  chosen: v.optional(name),
  rejected: v.optional(name),
  kto_tag: v.optional(name),
  text: v.optional(name),
  weight: v.optional(name),
});
export type Columns = Readonly<v.InferOutput<typeof columns>>;
export const columnNames = Object.keys(columns.entries) as readonly (keyof Columns)[];

/** The names within a list of messages, by the words of LLaMA-Factory's dataset_info.json. */
const tags = v.strictObject({
  role_tag: v.optional(name),
  content_tag: v.optional(name),
  user_tag: v.optional(name),
  assistant_tag: v.optional(name),
  observation_tag: v.optional(name),
  function_tag: v.optional(name),
  system_tag: v.optional(name),
});
export type Tags = Readonly<v.InferOutput<typeof tags>>;
export const tagNames = Object.keys(tags.entries) as readonly (keyof Tags)[];

const source = v.strictObject({
  /** The use of its examples. */
  split: v.optional(v.picklist(SPLITS)),
  /** A random sample of as many of its examples; if it has fewer, some occur several times. */
  num_samples: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1e9))),
  /**
   * Its weight in the mixture: how often each example occurs in a pass if sources are concatenated, or the relative
   * probability of a draw if they are interleaved.
   */
  weight: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1000))),
  /** A system message for conversations that have none. */
  default_system: v.optional(name),
  /** The encoding of its text, by a name of the Encoding standard; absent if the file's bytes should tell it. */
  encoding: v.optional(encoding),
  /** The character between the cells of a table; absent if the first lines should tell it. */
  delimiter: v.optional(v.pipe(v.string(), v.length(1), v.notValue('"'))),
  /** Whether the first line of a table names its columns; absent if its look should tell it. */
  header: v.optional(v.boolean()),
  /** The names of its columns. If any is given, columns without a name here are not read. */
  columns: v.optional(columns),
  /** The names within its lists of messages. */
  tags: v.optional(tags),
});

/** How one file of examples is read and used. Absent options are found out, or have no effect. */
export type SourceOptions = Readonly<v.InferOutput<typeof source>>;

/**
 * Options of files of examples, by the names of the files; written as JSON. Their keys are in the schema's order, because
 * two orders must not count as two values.
 */
export function sources(): Kind<Readonly<Record<string, SourceOptions>>> {
  return {
    range: message('range_sources'),
    control: { type: 'text', examples: ['{}', '{"extra.json":{"split":"eval"}}', '{"a.csv":{"weight":2}}'] },
    read: (value) => {
      if (!isRecord(value)) return undefined;
      const read: [string, SourceOptions][] = [];
      for (const [file, given] of Object.entries(value)) {
        const result = v.safeParse(source, given);
        if (!result.success || file === '') return undefined;
        if (Object.keys(result.output).length > 0) read.push([file, result.output]);
      }
      return { value: Object.fromEntries(read.sort(([a], [b]) => (a < b ? -1 : 1))) };
    },
    fromText: (text) => {
      const trimmed = text.trim();
      if (trimmed === '') return {};
      try {
        return JSON.parse(trimmed) as unknown;
      } catch {
        return trimmed;
      }
    },
    toText: (value) => JSON.stringify(value),
  };
}
