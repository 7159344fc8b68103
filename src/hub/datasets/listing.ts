import type { DatasetReference } from '../../core/dataset_reference';
import { isModelScope } from '../../core/endpoints';
import { errorCode, TunesmithError } from '../../core/errors';
import { fetchSmallFile, licenseOf, listRepository } from '../repository';
import type { CallOptions, Hub, Repository } from '../types';
import { readCard, type DatasetCard } from './card';
import { configsOf, convertedConfigs, READABLE, type DatasetConfig, type DatasetSplit } from './splits';

/** A data set of a hub at one commit. */
export interface Dataset {
  /** The files that its configurations name. */
  readonly repository: Repository;
  /** The commit of the data set itself. */
  readonly commit: string;
  readonly license?: string;
  readonly gated: boolean;
  /** Whether the Hub's own Parquet copy is read, because the files of the data set can't be. */
  readonly converted: boolean;
  /** The default one first. */
  readonly configs: readonly DatasetConfig[];
}

/** The branch in which the Hub keeps Parquet copies of data sets. */
const CONVERTED = 'refs/convert/parquet';
const README = 'README.md';

/**
 * Lists a data set: its configurations and splits with their files. Reads nothing but lists and the card.
 *
 * @throws TunesmithError `dataset_unreadable`, and as `listRepository`
 */
export async function listDataset(
  hub: Hub,
  { repo, revision }: Pick<DatasetReference, 'repo' | 'revision'>,
  { signal }: CallOptions = {},
): Promise<Dataset> {
  const repository = await listRepository(hub, repo, revision, { kind: 'dataset', signal });
  const card = await cardOf(hub, repository, { signal });
  const license = repository.license ?? licenseOf({ ...card }, []);
  const facts = {
    commit: repository.commit,
    ...(license !== undefined && { license }),
    gated: repository.gated,
  };
  const own = configsOf(repository.files, card);
  const isScript = card.configs.length === 0 && hasScript(repository);
  if (own.length > 0 && !isScript) return { ...facts, repository, converted: false, configs: own };
  const copy = await convertedOf(hub, repository, { signal });
  const configs = copy ? convertedConfigs(copy.files, card) : [];
  if (copy && configs.length > 0) return { ...facts, repository: copy, converted: true, configs };
  if (own.length > 0) return { ...facts, repository, converted: false, configs: own };
  throw new TunesmithError({ code: 'dataset_unreadable', values: { repo, endings: READABLE } });
}

async function cardOf(hub: Hub, repository: Repository, options: CallOptions): Promise<DatasetCard> {
  if (!repository.files.some(({ path }) => path === README)) return readCard('');
  return readCard(new TextDecoder().decode(await fetchSmallFile(hub, repository, README, options)));
}

/** Whether a program makes the rows, which the names of the files then do not tell. */
function hasScript({ repo, files }: Repository): boolean {
  const [, name = ''] = repo.split('/');
  return files.some(({ path }) => path === `${name}.py`);
}

async function convertedOf(
  hub: Hub,
  { repo, endpoint }: Repository,
  { signal }: CallOptions,
): Promise<Repository | undefined> {
  if (isModelScope(endpoint)) return undefined;
  try {
    return await listRepository(hub, repo, CONVERTED, { kind: 'dataset', signal });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'revision_not_found' || code === 'repository_not_found') return undefined;
    throw error;
  }
}

/** The configuration that is meant if none is named; undefined if a person has to choose. */
export function defaultConfig(configs: readonly DatasetConfig[]): DatasetConfig | undefined {
  return configs.find(({ isDefault }) => isDefault) ?? (configs.length === 1 ? configs[0] : undefined);
}

/** A split that was chosen. */
export interface ChosenSplit {
  readonly config: DatasetConfig;
  readonly split: DatasetSplit;
}

/**
 * The split that a reference names. Without a configuration it is the default one, and without a split `train`, or the
 * first. One name alone may also be that of a configuration.
 *
 * @throws TunesmithError `dataset_config_missing`, `dataset_config_unknown`, `dataset_split_unknown`
 */
export function chosenSplit(
  { configs }: Pick<Dataset, 'configs'>,
  { repo, config: wanted, split }: DatasetReference,
): ChosenSplit {
  const names = configs.map(({ name }) => name);
  const isConfig =
    wanted === undefined &&
    split !== undefined &&
    names.includes(split) &&
    !defaultConfig(configs)?.splits.some(({ name }) => name === split);
  if (isConfig) return chosenSplit({ configs }, { repo, config: split });
  const config = wanted === undefined ? defaultConfig(configs) : configs.find(({ name }) => name === wanted);
  if (!config) {
    if (wanted === undefined)
      throw new TunesmithError({ code: 'dataset_config_missing', values: { repo, names } });
    throw new TunesmithError({ code: 'dataset_config_unknown', values: { repo, config: wanted, names } });
  }
  const { splits } = config;
  const found = splits.find(({ name }) => name === (split ?? 'train'));
  const chosen = found ?? (split === undefined ? splits[0] : undefined);
  if (chosen) return { config, split: chosen };
  const values = { repo, config: config.name, split: split ?? '', names: splits.map(({ name }) => name) };
  throw new TunesmithError({ code: 'dataset_split_unknown', values });
}
