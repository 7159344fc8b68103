import { TunesmithError } from '../../core/errors';
import { message, type Message } from '../../core/messages/message';
import type { Repository, RepositoryFile } from '../../hub/types';
import { otherWeights } from '../../models/files';
import { INDEX_FILE, SINGLE_FILE } from '../../models/shards';
import { TOKENIZER_COMPANIONS } from '../../models/tokenizer_files';
import { ADAPTER_CONFIG } from '../../models/adapter_files';

/** The files of a repository that make up its model. */
export interface HubFiles {
  /** 'gguf': one file contains everything. */
  readonly kind: 'safetensors' | 'gguf';
  /** Config, tokenizer, template and index. */
  readonly small: readonly RepositoryFile[];
  readonly weights: readonly RepositoryFile[];
  readonly notes: readonly Message[];
}

export const TOKENIZER_FILE = 'tokenizer.json';

/** In the order in which opening a checkpoint reads them. */
const SMALL = [
  'config.json',
  TOKENIZER_FILE,
  'tokenizer_config.json',
  'generation_config.json',
  ...TOKENIZER_COMPANIONS,
];
const REQUIRED = ['config.json', TOKENIZER_FILE, 'tokenizer_config.json'];

/** Parts of a split GGUF file, which is not supported. */
const GGUF_PART = /-\d+-of-\d+\.gguf$/i;
/**
 * Order of preference if a repository has several GGUF files: the smallest with little loss, then the nearest to it.
 */
const GGUF_ORDER = ['Q4_K_M', 'Q4_K_S', 'Q4_0', 'Q4_1', 'Q6_K', 'Q8_0', 'BF16', 'F16', 'F32'];

/**
 * The index to read if the model's weights are shards: only the index names these files.
 *
 * @param file as for `hubFiles`
 */
export function indexToRead({ files }: Repository, file?: string): string | undefined {
  const has = (name: string): boolean => files.some(({ path }) => path === name);
  return file === undefined && !has(SINGLE_FILE) && has(INDEX_FILE) ? INDEX_FILE : undefined;
}

/**
 * Chooses the files to fetch.
 *
 * @param file one .gguf file of the repository; if absent, safetensors are preferred
 * @param shards the files that the index names, if there is an index to read
 * @throws TunesmithError `repository_file_missing`, `weights_unsupported`, `repository_is_adapter`,
 *   `tokenizer_missing`
 */
export function hubFiles(
  repository: Repository,
  file: string | undefined,
  shards: readonly string[],
): HubFiles {
  const { files, repo } = repository;
  const byPath = new Map(files.map((each) => [each.path, each]));
  if (file !== undefined) {
    if (!/\.gguf$/i.test(file)) {
      throw new TunesmithError({ code: 'file_not_gguf', values: { repo, file } });
    }
    const found = byPath.get(file);
    if (found) return { kind: 'gguf', small: [], weights: [found], notes: [] };
    throw missingFile(repo, file, ggufs(files));
  }
  const single = byPath.get(SINGLE_FILE);
  const weights = single ? [single] : shards.flatMap((name) => byPath.get(name) ?? []);
  if (weights.length > 0) {
    refusePointers(repo, weights);
    const missing = REQUIRED.find((name) => !byPath.has(name));
    if (missing !== undefined) throw withoutFile(repo, missing);
    const lost = single ? undefined : shards.find((name) => !byPath.has(name));
    if (lost !== undefined) {
      const values = { repo, file: lost, index: INDEX_FILE };
      throw new TunesmithError({ code: 'repository_shard_missing', values });
    }
    const names = single ? SMALL : [...SMALL, INDEX_FILE];
    const small = names.flatMap((name) => byPath.get(name) ?? []);
    return { kind: 'safetensors', small, weights, notes: [] };
  }
  const gguf = preferred(ggufs(files));
  if (!gguf) throw withoutWeights(repository);
  const others = ggufs(files).length - 1;
  const notes = others > 0 ? [message('gguf_chosen', { count: others + 1, file: gguf.path })] : [];
  return { kind: 'gguf', small: [], weights: [gguf], notes };
}

/** Weights with fewer bytes can only be a Git LFS pointer. */
const LEAST_WEIGHT_BYTES = 200;

function refusePointers(repo: string, weights: readonly RepositoryFile[]): void {
  const pointer = weights.find(({ size }) => size < LEAST_WEIGHT_BYTES);
  if (!pointer) return;
  throw new TunesmithError({
    code: 'repository_pointer',
    values: { repo, file: pointer.path, bytes: pointer.size },
  });
}

export function bytesOfFiles(files: readonly RepositoryFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

function ggufs(files: readonly RepositoryFile[]): RepositoryFile[] {
  const isModel = ({ path }: RepositoryFile): boolean =>
    /\.gguf$/i.test(path) && !GGUF_PART.test(path) && !/(^|[/-])mmproj/i.test(path);
  return files.filter(isModel).sort(byPathOrder);
}

function preferred(files: readonly RepositoryFile[]): RepositoryFile | undefined {
  for (const type of GGUF_ORDER) {
    const found = files.find(({ path }) => path.toUpperCase().endsWith(`${type}.GGUF`));
    if (found) return found;
  }
  return files[0];
}

function byPathOrder(a: RepositoryFile, b: RepositoryFile): number {
  return a.path < b.path ? -1 : 1;
}

function missingFile(repo: string, file: string, others: readonly RepositoryFile[]): TunesmithError {
  const names = others.map(({ path }) => path);
  return new TunesmithError({ code: 'gguf_file_missing', values: { repo, file, names } });
}

function withoutFile(repo: string, file: string): TunesmithError {
  return file === 'config.json'
    ? new TunesmithError({ code: 'repository_config_missing', values: { repo } })
    : new TunesmithError({ code: 'tokenizer_missing', values: { repo, file } });
}

function withoutWeights({ repo, files }: Repository): TunesmithError {
  const paths = files.map(({ path }) => path);
  if (paths.includes(ADAPTER_CONFIG)) {
    return new TunesmithError({ code: 'repository_is_adapter', values: { repo } });
  }
  const pickle = paths.find((path) => /\.(bin|pt|pth)$/.test(path));
  const detail = `found: ${paths.join(', ')}`;
  return pickle === undefined
    ? new TunesmithError({
        code: 'weights_unsupported',
        values: { repo, other: otherWeights(paths) },
        detail,
      })
    : new TunesmithError({ code: 'weights_pickled', values: { repo, file: pickle }, detail });
}
