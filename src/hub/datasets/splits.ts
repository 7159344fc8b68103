import type { RepositoryFile } from '../types';
import type { CardConfig, DatasetCard } from './card';
import { globPattern } from './glob';

/** A configuration of a data set, with its splits. */
export interface DatasetConfig {
  readonly name: string;
  /** Whether it is meant if none is named. */
  readonly isDefault: boolean;
  readonly splits: readonly DatasetSplit[];
}

export interface DatasetSplit {
  readonly name: string;
  /** In the order of their rows. */
  readonly files: readonly RepositoryFile[];
  /** As the card says; absent if it says nothing. */
  readonly rows?: number;
  /** Set if the files hold only the beginning of the split, as the Hub's Parquet copy of a large one does. */
  readonly isPart?: true;
}

export const DEFAULT_CONFIG = 'default';

/** Endings of files that can be read, the preferred one first. */
export const READABLE = ['.parquet', '.jsonl', '.json', '.ndjson', '.csv', '.tsv', '.txt'];

/** Splits and the words that name them, in the order of the `datasets` library (data_files.py). */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  train: ['train', 'training'],
  validation: ['validation', 'valid', 'dev', 'val'],
  test: ['test', 'testing', 'eval', 'evaluation'],
};
const SHARD = /^data\/([\w.]+)-\d{5}-of-\d{5}[^/]*\.[^/]*$/;
const APART = '[-._ 0-9]';

/**
 * The configurations of a repository: those that its card lists, or one with the splits that the names of its files tell,
 * by the rules of `datasets` (data_files.py). The default configuration comes first. Files that can't be read are left out,
 * and so are splits without any file.
 */
export function configsOf(
  files: readonly RepositoryFile[],
  { configs, dataset_info: infos }: DatasetCard,
): readonly DatasetConfig[] {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const given = configs.length > 0 ? configs : [{ config_name: DEFAULT_CONFIG, default: true }];
  const isDefault = ({ config_name: name, ...config }: CardConfig): boolean =>
    config.default || (name === DEFAULT_CONFIG && !configs.some((each) => each.default));
  const first = given.find(isDefault);
  return [...(first ? [first] : []), ...given.filter((each) => each !== first)]
    .map((config): DatasetConfig => {
      const { config_name: name } = config;
      // A card of one configuration need not name it.
      const isOnly = infos.length === 1 && given.length === 1;
      const rows = infos.find((info) => isOnly || info.config_name === name)?.splits ?? [];
      const splits = splitsOf(sorted, config).flatMap(([split, paths]): readonly DatasetSplit[] => {
        const readable = ofOneKind(paths);
        const known = rows.find((each) => each.name === split)?.num_examples;
        if (readable.length === 0) return [];
        return [{ name: split, files: readable, ...(known !== undefined && { rows: known }) }];
      });
      return { name, isDefault: config === first, splits };
    })
    .filter(({ splits }) => splits.length > 0);
}

/** The configurations of the branch with the Hub's own Parquet files: `configuration/split/0000.parquet`. */
export function convertedConfigs(
  files: readonly RepositoryFile[],
  { dataset_info: infos }: DatasetCard,
): readonly DatasetConfig[] {
  const configs = new Map<string, Map<string, RepositoryFile[]>>();
  const partial = new Set<string>();
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const [, name, part, split] = /^([^/]+)\/(partial-)?([^/]+)\/[^/]+\.parquet$/.exec(file.path) ?? [];
    if (name === undefined || split === undefined) continue;
    if (part !== undefined) partial.add(`${name}/${split}`);
    const splits = configs.get(name) ?? new Map<string, RepositoryFile[]>();
    splits.set(split, [...(splits.get(split) ?? []), file]);
    configs.set(name, splits);
  }
  return Array.from(configs, ([name, splits]) => {
    const rows = infos.find((info) => info.config_name === name)?.splits ?? [];
    return {
      name,
      isDefault: name === DEFAULT_CONFIG,
      splits: Array.from(splits, ([split, parts]): DatasetSplit => {
        if (partial.has(`${name}/${split}`)) return { name: split, files: parts, isPart: true };
        const known = rows.find((each) => each.name === split)?.num_examples;
        return { name: split, files: parts, ...(known !== undefined && { rows: known }) };
      }),
    };
  }).sort((a, b) => Number(b.isDefault) - Number(a.isDefault));
}

type Splits = readonly (readonly [split: string, files: readonly RepositoryFile[]])[];

function splitsOf(files: readonly RepositoryFile[], { data_files: given, data_dir }: CardConfig): Splits {
  const folder = data_dir?.replace(/^\.?\/|\/+$/g, '');
  const inside =
    folder === undefined || folder === '' ? files : files.filter(({ path }) => path.startsWith(`${folder}/`));
  const prefix = inside === files ? '' : `${folder}/`;
  const visible = inside.filter(({ path }) => isData(path));
  if (given === undefined) return namedSplits(visible, prefix);
  const listed = (Array.isArray(given) ? given : [given]).map((each) =>
    typeof each === 'string' ? { split: 'train', path: [each] } : each,
  );
  const names = [...new Set(listed.map(({ split }) => split))];
  return names.map((name) => {
    const patterns = listed
      .filter(({ split }) => split === name)
      .flatMap(({ path }) => path)
      .map((path) => prefix + path.replace(/^\.?\//, ''));
    const found = patterns.flatMap((pattern) => {
      const named = inside.filter(({ path }) => path === pattern);
      if (named.length > 0) return named;
      const glob = globPattern(pattern);
      return visible.filter(({ path }) => glob.test(path));
    });
    return [name, [...new Set(found)]];
  });
}

function namedSplits(files: readonly RepositoryFile[], prefix: string): Splits {
  const at = (file: RepositoryFile): string => file.path.slice(prefix.length);
  const shards = new Map<string, RepositoryFile[]>();
  for (const file of files) {
    const [, split] = SHARD.exec(at(file)) ?? [];
    if (split !== undefined) shards.set(split, [...(shards.get(split) ?? []), file]);
  }
  if (shards.size > 0) {
    const known = Object.keys(KEYWORDS);
    const place = (split: string): number => (known.includes(split) ? known.indexOf(split) : known.length);
    return [...shards].sort(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1));
  }
  for (const part of ['folder', 'file'] as const) {
    const found = Object.entries(KEYWORDS).map(
      ([split, words]) => [split, files.filter((file) => isNamed(at(file), words, part))] as const,
    );
    const filled = found.filter(([, paths]) => paths.length > 0);
    if (filled.length > 0) return filled;
  }
  return [['train', files]];
}

/** Whether one of the words stands alone in the name of the file, or of one of its folders. */
function isNamed(path: string, words: readonly string[], part: 'folder' | 'file'): boolean {
  const names = path.split('/');
  const looked = part === 'file' ? names.slice(-1) : names.slice(0, -1);
  const behind = part === 'file' ? APART : `(?:${APART}|$)`;
  const pattern = new RegExp(`(?:^|${APART})(?:${words.join('|')})${behind}`);
  return looked.some((name) => pattern.test(name));
}

/** The files with the ending that most of them have. */
function ofOneKind(files: readonly RepositoryFile[]): readonly RepositoryFile[] {
  const kinds = READABLE.map((ending) => files.filter(({ path }) => endingOf(path) === ending));
  return kinds.reduce((most, each) => (each.length > most.length ? each : most), []);
}

/** The ending in lower case, without that of a compressed file. */
function endingOf(path: string): string {
  return /\.[^./]*$/.exec(path.toLowerCase().replace(/\.gz$/, ''))?.[0] ?? '';
}

/** Texts about a data set, which lie beside its rows. */
const ABOUT =
  /(?:^|\/)(?:readme|licen[cs]e|notice|changelog|citation|requirements)(?:[-_.][^/]*)?\.txt$|(?:^|\/)dataset_infos?\.json$/i;

function isData(path: string): boolean {
  return READABLE.includes(endingOf(path)) && !ABOUT.test(path) && !/(?:^|\/)(?:\.|__)/.test(path);
}
