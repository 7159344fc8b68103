import { datasetOfFile, datasetReferenceText, splitInName } from '../../core/dataset_reference';
import type { FileReader } from '../../core/file_reader';
import { message, type Message } from '../../core/messages/message';
import type { DataSettings } from '../../core/settings/settings';
import type { SourceOptions } from '../../core/settings/sources';
import type { DatasetEntry, HubEntry } from '../../data/dataset_info';

/** The settings that choose among files. */
export type ChoiceSettings = Pick<
  DataSettings,
  'dataset' | 'eval_dataset' | 'interleave_probs' | 'mix_strategy'
>;

/** The files that the settings name. */
export interface ChosenData {
  /** Undefined if none is named, or none of the named ones is there. */
  readonly files: ReadonlySet<FileReader> | undefined;
  /** The options that the settings give each, beside its own description. */
  readonly options: ReadonlyMap<string, SourceOptions>;
  /** The entries that describe them, the named ones first. */
  readonly entries: readonly DatasetEntry[];
  readonly notes: readonly Message[];
}

/**
 * Finds the files that `dataset` and `eval_dataset` name: by entries of a dataset_info.json, or by their own names, with or
 * without ending. A name without a file has no effect; a note says so.
 */
export function chosenData(
  files: readonly FileReader[],
  entries: readonly DatasetEntry[],
  { dataset, eval_dataset, interleave_probs, mix_strategy }: ChoiceSettings,
): ChosenData {
  const find = (name: string): { file: FileReader | undefined; entry: DatasetEntry | undefined } => {
    const entry = entries.find((each) => each.name === name);
    const named = (file: FileReader): boolean => [file.name, withoutEnding(file.name)].includes(name);
    return { entry, file: entry ? files.find((file) => isOf(file, entry)) : files.find(named) };
  };
  const trained = dataset.map(find);
  const evaluated = eval_dataset.map(find);
  const named = [...trained, ...evaluated];
  const found = new Set(named.flatMap(({ file }) => file ?? []));
  const options = new Map<string, SourceOptions>();
  const drawn = mix_strategy !== 'concat' && interleave_probs.length > 0;
  const fits = interleave_probs.length === dataset.length;
  for (const [index, { file }] of trained.entries()) {
    const weight = drawn && fits ? interleave_probs[index] : undefined;
    if (file && weight !== undefined) options.set(file.name, { weight });
  }
  for (const { file } of evaluated) if (file) options.set(file.name, { split: 'eval' });
  const names = [...dataset, ...eval_dataset];
  const far = named.flatMap(({ file, entry }) => {
    if (file || !entry?.hub) return [];
    const { repos, config, split, folder } = entry.hub;
    if (folder !== undefined) return [];
    const [repo = ''] = repos;
    return [`hub:${datasetReferenceText({ repo, split, ...(config !== undefined && { config }) })}`];
  });
  const folders = named.flatMap(({ file, entry }) =>
    !file && entry?.hub?.folder !== undefined ? [`${entry.hub.repos[0] ?? ''}/${entry.hub.folder}`] : [],
  );
  const missing = names.filter((_, index) => !named[index]?.file && !named[index]?.entry?.hub);
  const isChosen = found.size > 0;
  const left = isChosen ? files.filter((file) => !found.has(file)).map(({ name }) => name) : [];
  const notes = [
    ...(far.length > 0 ? [message('datasets_on_hub', { names: far })] : []),
    ...(folders.length > 0 ? [message('datasets_in_folders', { names: folders })] : []),
    ...(missing.length > 0 ? [message('datasets_missing', { names: missing, isChosen })] : []),
    ...(left.length > 0 ? [message('datasets_left', { names: left })] : []),
    ...(drawn && !fits
      ? [message('interleave_probs_count', { probabilities: interleave_probs.length, names: dataset.length })]
      : []),
  ];
  const first = named.flatMap(({ entry }) => entry ?? []);
  return { files: isChosen ? found : undefined, options, entries: [...first, ...entries], notes };
}

/**
 * Whether an entry is about a file. Files that were chosen one by one have no folder in their names, and the name of a file
 * with rows of a data set of a hub tells the data set, the configuration and the split.
 */
export function isOf({ name }: FileReader, { file, hub }: DatasetEntry): boolean {
  const rows = hub && datasetOfFile(name);
  if (rows) return hub.repos.includes(rows.repo) && isSplitOf(rows.split, hub);
  if (file === undefined) return false;
  const path = file.replaceAll('\\', '/').replace(/^\.\//, '');
  const own = name.replaceAll('\\', '/');
  return own === path || own.endsWith(`/${path}`) || own === path.split('/').at(-1);
}

/** The name of a file tells the configuration only if its data set has several. An entry may name none, too. */
function isSplitOf(named: string, { config, split }: HubEntry): boolean {
  if (named === splitInName(undefined, split)) return true;
  const end = splitInName(config, split);
  return config === undefined ? named.endsWith(`.${end}`) : named === end;
}

function withoutEnding(name: string): string {
  return name.replace(/(?:\.[^./\\]+?)(?:\.gz)?$/i, '');
}
