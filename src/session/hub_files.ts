import { TunesmithError } from '../core/errors';
import type { Told } from '../core/messages/message';
import type { Repository, RepositoryFile } from '../hub/types';
import { otherWeights } from '../models/files';
import { INDEX_FILE, SINGLE_FILE } from '../models/shards';
import { TOKENIZER_COMPANIONS } from '../models/tokenizer_files';
import { ADAPTER_CONFIG } from '../models/adapter_files';

/** What of a repository makes its model. */
export interface HubFiles {
  /** 'gguf': one file holds all. */
  readonly kind: 'safetensors' | 'gguf';
  /** Config, tokenizer, template and index. */
  readonly small: readonly RepositoryFile[];
  readonly weights: readonly RepositoryFile[];
  readonly notes: readonly Told[];
}

export const TOKENIZER_FILE = 'tokenizer.json';

/** In the order in which opening a checkpoint asks for them. */
const SMALL = [
  'config.json',
  TOKENIZER_FILE,
  'tokenizer_config.json',
  'generation_config.json',
  ...TOKENIZER_COMPANIONS,
];
const REQUIRED = ['config.json', TOKENIZER_FILE, 'tokenizer_config.json'];

/** Parts of one GGUF file, which are not read. */
const GGUF_PART = /-\d+-of-\d+\.gguf$/i;
/** What is taken where a repository has several: the smallest that loses little, then what is nearest to it. */
const GGUF_ORDER = ['Q4_K_M', 'Q4_K_S', 'Q4_0', 'Q4_1', 'Q6_K', 'Q8_0', 'BF16', 'F16', 'F32'];

/**
 * The index of a repository's shards, where they are what opening takes: it alone tells which files these are.
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
 * @param file one .gguf file of the repository; without it, safetensors where there are some
 * @param shards the files that the index names, where there is one to read
 * @throws TunesmithError `repository_file_missing`, `weights_unsupported`, `model_is_adapter`,
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
    if (!/\.gguf$/i.test(file)) throw notGguf(repo, file);
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
    if (lost !== undefined) throw withoutShard(repo, lost);
    const names = single ? SMALL : [...SMALL, INDEX_FILE];
    const small = names.flatMap((name) => byPath.get(name) ?? []);
    return { kind: 'safetensors', small, weights, notes: [] };
  }
  const gguf = preferred(ggufs(files));
  if (!gguf) throw withoutWeights(repository);
  const others = ggufs(files).length - 1;
  const notes = others > 0 ? [`Of ${others + 1} GGUF files, ${gguf.path} was taken.`] : [];
  return { kind: 'gguf', small: [], weights: [gguf], notes };
}

/** No model is as small as a Git LFS pointer. */
const LEAST_WEIGHT_BYTES = 200;

function refusePointers(repo: string, weights: readonly RepositoryFile[]): void {
  const pointer = weights.find(({ size }) => size < LEAST_WEIGHT_BYTES);
  if (!pointer) return;
  throw new TunesmithError({
    code: 'git_lfs_pointer',
    message: `${pointer.path} of ${repo} has ${pointer.size} bytes: it is a Git LFS pointer, not the weights.`,
    hint: 'Choose another upload of this model: the weights of this one were never uploaded.',
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
  return new TunesmithError({
    code: 'repository_file_missing',
    message: `${repo} has no file ${file}.`,
    hint: names.length > 0 ? `It has ${names.join(', ')}.` : 'It has no GGUF files.',
  });
}

function notGguf(repo: string, file: string): TunesmithError {
  return new TunesmithError({
    code: 'weights_unsupported',
    message: `${file} of ${repo} is no GGUF file: of others, none is a model by itself.`,
    hint: `Leave it out, as in "${repo}", to open the whole model; or name a .gguf file.`,
  });
}

function withoutFile(repo: string, name: string): TunesmithError {
  return new TunesmithError({
    code: name === 'config.json' ? 'repository_file_missing' : 'tokenizer_missing',
    message: `${repo} has no ${name}.`,
    hint: 'Choose a model that is published with config.json, tokenizer.json and tokenizer_config.json.',
  });
}

function withoutShard(repo: string, name: string): TunesmithError {
  return new TunesmithError({
    code: 'repository_file_missing',
    message: `${repo} has no ${name}, which its ${INDEX_FILE} names as a part of the weights.`,
    hint: 'Choose another version of this model: this one is not complete.',
  });
}

function withoutWeights({ repo, files }: Repository): TunesmithError {
  if (files.some(({ path }) => path === ADAPTER_CONFIG)) {
    return new TunesmithError({
      code: 'model_is_adapter',
      message: `${repo} is an adapter, not a model.`,
      hint: 'Open the model that it was trained on; its page names it.',
    });
  }
  const pickle = files.find(({ path }) => /\.(bin|pt|pth)$/.test(path));
  const other = otherWeights(files.map(({ path }) => path));
  const has = pickle
    ? `has its weights as ${pickle.path} only, which is no safetensors file`
    : `has no weights that can be opened${other === undefined ? '' : `; ${other}`}`;
  return new TunesmithError({
    code: 'weights_unsupported',
    message: `${repo} ${has}.`,
    hint: 'Choose a model with model.safetensors, with shards and their index, or with a .gguf file.',
    detail: `found: ${files.map(({ path }) => path).join(', ')}`,
  });
}
