import * as v from 'valibot';
import { parse } from 'yaml';
import { TunesmithError } from '../../core/errors';

/** YAML reads a name such as 2023 as a number. */
const word = v.union([v.string(), v.pipe(v.union([v.number(), v.boolean()]), v.transform(String))]);
const texts = v.union([
  v.pipe(
    word,
    v.transform((one) => [one]),
  ),
  v.array(word),
]);
const splitFiles = v.object({ split: word, path: texts });
const configSchema = v.object({
  config_name: word,
  default: v.fallback(v.boolean(), false),
  data_files: v.optional(v.union([texts, splitFiles, v.array(splitFiles)])),
  data_dir: v.optional(word),
});
const infoSchema = v.object({
  config_name: v.fallback(word, 'default'),
  splits: v.fallback(v.array(v.object({ name: word, num_examples: v.number() })), []),
});
const notList = v.custom<unknown>((value) => !Array.isArray(value));
/** The part of the metadata of a data set's card that says where its rows are. */
const cardSchema = v.object({
  configs: v.union([
    v.array(configSchema),
    v.pipe(
      notList,
      v.transform(() => []),
    ),
  ]),
  dataset_info: v.fallback(
    v.union([
      v.array(infoSchema),
      v.pipe(
        infoSchema,
        v.transform((one) => [one]),
      ),
    ]),
    [],
  ),
  license: v.fallback(v.optional(texts), undefined),
  license_name: v.fallback(v.optional(v.string()), undefined),
});

export type CardConfig = v.InferOutput<typeof configSchema>;
export type DatasetCard = v.InferOutput<typeof cardSchema>;

/**
 * The metadata at the beginning of a README.md; empty if there is none that can be read.
 *
 * @throws TunesmithError `dataset_card` if it lists configurations in another form: the names of the files would tell others
 */
export function readCard(text: string): DatasetCard {
  const [, metadata = ''] = /^\uFEFF?---\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)/s.exec(text) ?? [];
  const read = v.safeParse(cardSchema, { configs: undefined, ...recordOf(metadata) });
  if (read.success) return read.output;
  throw new TunesmithError({ code: 'dataset_card' });
}

function recordOf(yaml: string): object {
  try {
    const read: unknown = parse(yaml);
    return typeof read === 'object' && read !== null ? read : {};
  } catch {
    return {};
  }
}
