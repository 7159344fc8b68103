import { memoryFile, type FileReader } from '../../core/file_reader';
import { isRecord } from '../../core/json';
import { message } from '../../core/messages/message';
import type { ModelReference } from '../../core/model_reference';
import { fetchSmallFile, listRepository } from '../../hub/repository';
import type { Hub, Repository } from '../../hub/types';
import { readSpec } from '../../models/config';
import { readSmallTexts, readTokenizerConfig } from '../../models/tokenizer_files';
import { readQuantizationConfig } from '../../models/stored/quantization_config';
import { readJson, readText, type ModelFolder } from '../../models/folder';
import { shardsOfIndex } from '../../models/shards';
import { hubFiles, indexToRead, type HubFiles } from './hub_files';
import { hashOfCommit } from './hash';
import { openModel, type ModelIdentity, type OpenModel } from './open';
import type { OnProgress } from '../progress';

/** A repository at one commit, with the files of its model. */
export interface ModelOnHub {
  readonly repository: Repository;
  readonly files: HubFiles;
  readonly identity: ModelIdentity;
  /** The index of its shards, if it has any. */
  readonly index?: FileReader;
}

/** Throws as `listRepository`, `fetchSmallFile`, `shardsOfIndex` and `hubFiles`. */
export async function findOnHub(
  hub: Hub,
  { repo, revision, file }: ModelReference,
  signal?: AbortSignal,
): Promise<ModelOnHub> {
  const repository = await listRepository(hub, repo, revision, { signal });
  const { commit, license } = repository;
  const name = file === undefined ? repo : `${repo}:${file}`;
  const identity = { name, source: 'hub' as const, repo, commit, ...(license !== undefined && { license }) };
  const path = indexToRead(repository, file);
  if (path === undefined) {
    const files = hubFiles(repository, file, []);
    const gguf = files.kind === 'gguf' ? { file: files.weights[0]!.path } : {};
    return { repository, files, identity: { ...identity, ...gguf } };
  }
  const index = await smallFile(hub, repository, path, signal);
  return { repository, files: hubFiles(repository, file, await shardsOfIndex(index)), identity, index };
}

/** config.json of a found model. Throws as `fetchSmallFile`, and `json_invalid`. */
export async function configOnHub(hub: Hub, found: ModelOnHub, signal?: AbortSignal): Promise<unknown> {
  return await readJson(await smallFile(hub, found.repository, 'config.json', signal));
}

/** A found model without its weights. */
export interface ModelWithoutWeights {
  /** Its files without the weights. */
  readonly folder: ModelFolder;
  readonly open: OpenModel;
}

/**
 * Downloads all files except the weights, and refuses a model that can't be trained, before any large download.
 * Undefined for a GGUF file, which contains all of these. Throws as `fetchSmallFile`, `readSpec`,
 * `readQuantizationConfig` and `loadTokenizer`.
 */
export async function fetchWithoutWeights(
  hub: Hub,
  found: ModelOnHub,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<ModelWithoutWeights | undefined> {
  const { repository, files, identity, index } = found;
  if (files.kind === 'gguf') return undefined;
  const folder = new Map<string, FileReader>(index && [[index.name, index]]);
  const fetched = async (path: string): Promise<void> => {
    onProgress({ label: message('file_fetching', { file: path, repo: repository.repo }) });
    folder.set(path, await smallFile(hub, repository, path, signal));
  };
  await fetched('config.json');
  const config = await jsonOf(folder, 'config.json');
  const spec = readSpec(config);
  readQuantizationConfig(isRecord(config) ? config.quantization_config : undefined);
  for (const { path } of files.small) if (!folder.has(path)) await fetched(path);
  const template = folder.get('chat_template.jinja');
  const facts = {
    config,
    spec,
    tokenizer: await jsonOf(folder, 'tokenizer.json'),
    tokenizerConfig: await readTokenizerConfig(folder),
    generationConfig: await jsonOf(folder, 'generation_config.json'),
    templateFile: template && (await readText(template)),
    texts: await readSmallTexts(folder),
    notes: files.notes,
  };
  return { folder, open: openModel(facts, identity, await hashOfFound(found)) };
}

/** Identifies the model by its commit and the hub's hashes of its files. */
export async function hashOfFound({ repository, files }: ModelOnHub): Promise<string> {
  return await hashOfCommit(repository.commit, [...files.small, ...files.weights]);
}

async function jsonOf(folder: ModelFolder, name: string): Promise<unknown> {
  const file = folder.get(name);
  return file && (await readJson(file));
}

async function smallFile(
  hub: Hub,
  repository: Repository,
  path: string,
  signal: AbortSignal | undefined,
): Promise<FileReader> {
  return memoryFile(path, await fetchSmallFile(hub, repository, path, { signal }));
}
