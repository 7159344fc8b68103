import * as v from 'valibot';
import { parse } from 'yaml';

const texts = v.union([
  v.pipe(
    v.string(),
    v.transform((one) => [one]),
  ),
  v.array(v.string()),
]);
const splitFiles = v.object({ split: v.string(), path: texts });
const configSchema = v.object({
  config_name: v.string(),
  default: v.fallback(v.boolean(), false),
  data_files: v.optional(v.union([texts, splitFiles, v.array(splitFiles)])),
  data_dir: v.optional(v.string()),
});
const infoSchema = v.object({
  config_name: v.fallback(v.string(), 'default'),
  splits: v.fallback(v.array(v.object({ name: v.string(), num_examples: v.number() })), []),
});
/** The part of the metadata of a data set's card that says where its rows are. */
const cardSchema = v.object({
  configs: v.fallback(v.array(configSchema), []),
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

/** The metadata at the beginning of a README.md; empty if there is none that can be read. */
export function readCard(text: string): DatasetCard {
  const [, metadata = ''] = /^\uFEFF?---\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)/s.exec(text) ?? [];
  return v.parse(cardSchema, recordOf(metadata));
}

function recordOf(yaml: string): object {
  try {
    const read: unknown = parse(yaml);
    return typeof read === 'object' && read !== null ? read : {};
  } catch {
    return {};
  }
}
