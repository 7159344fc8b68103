import * as v from 'valibot';
import { columnNames, tagNames, type SourceOptions } from '../core/settings/sources';
import { isRecord } from '../core/json';

/** The name of the file in which LLaMA-Factory describes data sets. */
const NAME = 'dataset_info.json';

/** Whether a file describes data sets instead of having examples. */
export function isDatasetInfo(name: string): boolean {
  return name.split(/[\\/]/).at(-1)?.toLowerCase() === NAME;
}

/** One data set of a dataset_info.json. */
export interface DatasetEntry {
  readonly name: string;
  /** The path of its file, if it is one. */
  readonly file: string | undefined;
  /** Its place on hubs, if it is there. */
  readonly hub: HubEntry | undefined;
  /** How its file is read. */
  readonly options: SourceOptions;
}

/** A data set on hubs. */
export interface HubEntry {
  /** Its names: at Hugging Face, then at ModelScope. */
  readonly repos: readonly string[];
  readonly config: string | undefined;
  readonly split: string;
  /** The only folder whose files are meant. */
  readonly folder: string | undefined;
}

const optionalText = v.fallback(v.optional(v.string()), undefined);
const entrySchema = v.object({
  file_name: optionalText,
  hf_hub_url: optionalText,
  ms_hub_url: optionalText,
  subset: optionalText,
  folder: optionalText,
  split: v.fallback(v.string(), 'train'),
  columns: v.fallback(v.record(v.string(), v.unknown()), {}),
  tags: v.fallback(v.record(v.string(), v.unknown()), {}),
  num_samples: v.fallback(v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))), undefined),
});

/**
 * Reads a dataset_info.json (LLaMA-Factory 0.9.5, src/llamafactory/data/parser.py). `columns` and `tags` have the words of
 * the setting `sources`. Undefined if the text is none.
 */
export function readDatasetInfo(text: string): readonly DatasetEntry[] | undefined {
  const info = parsed(text);
  if (!isRecord(info)) return undefined;
  const entries = Object.entries(info).flatMap(([name, given]): readonly DatasetEntry[] => {
    const read = v.safeParse(entrySchema, given);
    if (!read.success) return [];
    const { file_name, hf_hub_url, ms_hub_url, subset, folder, split, columns, tags, num_samples } =
      read.output;
    const repos = [hf_hub_url, ms_hub_url].filter((repo) => repo !== undefined);
    const named = textsOf(columns, columnNames);
    const tagged = textsOf(tags, tagNames);
    const options: SourceOptions = {
      ...(num_samples !== undefined && { num_samples }),
      ...(Object.keys(named).length > 0 && { columns: withDocument(named) }),
      ...(Object.keys(tagged).length > 0 && { tags: tagged }),
    };
    const hub = repos.length > 0 ? { repos, config: subset, split, folder } : undefined;
    return [{ name, file: file_name, hub, options }];
  });
  return entries.some(({ file, hub }) => file !== undefined || hub) ? entries : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch {
    return undefined;
  }
}

/** The known ones of the names, as long as they are texts. Columns of pictures and sound are not read. */
function textsOf<Name extends string>(
  given: Readonly<Record<string, unknown>>,
  known: readonly Name[],
): Partial<Record<Name, string>> {
  const texts: Partial<Record<Name, string>> = {};
  for (const name of known) {
    const text = given[name];
    if (typeof text === 'string' && text !== '') texts[name] = text;
  }
  return texts;
}

/** A data set with nothing but a prompt is a set of documents, which are learnt as they are. */
function withDocument(columns: NonNullable<SourceOptions['columns']>): NonNullable<SourceOptions['columns']> {
  const { prompt, ...others } = columns;
  return prompt !== undefined && Object.keys(others).length === 0 ? { text: prompt } : columns;
}
