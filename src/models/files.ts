import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import { message, type Message } from '../core/messages/message';
import { readGgufHeader } from '../formats/gguf';
import { keptTokenizer, type KeptTokenizer } from '../formats/gguf_kept_tokenizer';
import { checkUnexpected, checkWeights, refuseWrapped } from './check_tensors';
import { readSpec } from './config';
import { readJson, readText, type FileReader, type ModelFolder } from './folder';
import { ggufFolder } from './gguf_folder';
import { INDEX_FILE, SINGLE_FILE, readTensorFiles } from './shards';
import { withPrefix, withoutTowers, type ModelSpec } from './spec';
import { ggufSpec, ggufWeights, readRopeFactors } from './stored/gguf_weights';
import { storedWeights } from './stored/safetensors_weights';
import type { StoredTensor, StoredWeights } from './stored/stored_weight';
import { checkTiedHead } from './tied_head';
import { readSmallTexts, readTokenizerConfig } from './tokenizer_files';

export { readJson, type FileReader, type ModelFolder } from './folder';

/** The contents of a folder, checked as far as possible without reading the weights. */
export interface Checkpoint {
  readonly config: unknown;
  readonly spec: ModelSpec;
  /** How each weight is stored, by its name in Transformers' checkpoints. */
  readonly stored: StoredWeights;
  /** The towers' tensors, if the model has towers and its files are available. */
  readonly towers?: StoredTowers;
  /** The files that hold weights, in the best order for reading. */
  readonly files: readonly FileReader[];
  readonly tokenizer: unknown;
  readonly tokenizerConfig: unknown;
  /** chat_template.jinja, in which newer checkpoints keep the template. */
  readonly templateFile: string | undefined;
  /** generation_config.json, if it exists. */
  readonly generationConfig: unknown;
  /** The text of the small files by name; empty for a GGUF file, whose header replaces them. */
  readonly texts: Readonly<Record<string, string>>;
  /** For a GGUF file: its tokenizer as the header has it. */
  readonly ggufTokenizer?: KeptTokenizer | undefined;
  /** Notes for the person on the files; `loadNotes` adds those on changes by loading. */
  readonly notes: readonly Message[];
}

/** The towers' tensors. They are never loaded. */
export interface StoredTowers {
  /** By the names in the files. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The files' names of the text's tensors, by the spec's names. */
  readonly textNames: ReadonlyMap<string, string>;
}

/**
 * Opens a checkpoint's folder: one safetensors file, shards by their index, or a GGUF file, whose header replaces the
 * small files. It reads only the headers of the weights, and a head that must equal the embedding. Throws
 * `model_file_missing`, `model_shard_missing`, `model_folder_is_adapter`, `weights_not_safetensors`, `gguf_several`,
 * `json_invalid`, and the errors of the config, the index and the headers.
 */
export async function openCheckpoint(folder: ModelFolder): Promise<Checkpoint> {
  const gguf = ggufFile(folder);
  return gguf ? await openGguf(gguf) : await openSafetensors(folder);
}

async function openSafetensors(folder: ModelFolder): Promise<Checkpoint> {
  const config = await readJson(required(folder, 'config.json'));
  const spec = readSpec(config);
  const tokenizer = await readJson(required(folder, 'tokenizer.json'));
  required(folder, 'tokenizer_config.json');
  const tokenizerConfig = await readTokenizerConfig(folder);
  const generation = folder.get('generation_config.json');
  const generationConfig = generation && (await readJson(generation));
  const template = folder.get('chat_template.jinja');
  const templateFile = template && (await readText(template));
  const found = await readTensorFiles(folder);
  if (!found) throw withoutWeights(folder);
  const { files } = found;
  const tensors = withPrefix(spec, withoutTowers(spec, found.tensors));
  refuseWrapped(tensors);
  const stored = storedWeights(spec, await quantizationConfigOf(folder, config), tensors);
  checkWeights(spec, stored);
  checkUnexpected(spec, stored, tensors);
  await checkTiedHead(spec, tensors);
  const texts = await readSmallTexts(folder);
  const small = { config, tokenizer, tokenizerConfig, templateFile, generationConfig, texts };
  const notes = [...towerNote(spec), ...dropoutNote(config)];
  return {
    ...small,
    spec,
    stored,
    files,
    notes,
    ...(spec.towers && { towers: towersOf(spec, found.tensors) }),
  };
}

function towersOf(spec: ModelSpec, tensors: ReadonlyMap<string, StoredTensor>): StoredTowers {
  const named = new Map(Array.from(tensors.keys(), (name) => [name, name]));
  const textNames = withPrefix(spec, withoutTowers(spec, named));
  const ofText = new Set(textNames.values());
  return { tensors: new Map([...tensors].filter(([name]) => !ofText.has(name))), textNames };
}

/** `quantization_config` of config.json; early GPTQ checkpoints keep it in a file of its own. */
async function quantizationConfigOf(folder: ModelFolder, config: unknown): Promise<unknown> {
  const own = isRecord(config) ? config['quantization_config'] : undefined;
  const file = folder.get('quantize_config.json');
  if (own !== undefined || !file) return own;
  const early = await readJson(file);
  return isRecord(early) ? { quant_method: 'gptq', ...early } : early;
}

async function openGguf(file: FileReader): Promise<Checkpoint> {
  const header = await readGgufHeader(file);
  const { metadata, tensors } = header;
  const small = ggufFolder({ metadata, tensors, ropeFactors: await readRopeFactors(header, file) });
  const spec = ggufSpec(readSpec(small.config));
  const stored = ggufWeights(spec, header, file);
  checkWeights(spec, stored);
  return {
    ...small,
    ...{ spec, stored, files: [file], templateFile: undefined, texts: {} },
    ggufTokenizer: keptTokenizer(header),
  };
}

/** The GGUF file of a folder that has no safetensors; undefined if there is none. */
function ggufFile(folder: ModelFolder): FileReader | undefined {
  if (folder.has(SINGLE_FILE) || folder.has(INDEX_FILE)) return undefined;
  const files = [...folder.values()].filter(({ name }) => name.toLowerCase().endsWith('.gguf'));
  if (files.length <= 1) return files[0];
  throw new TunesmithError({
    code: 'gguf_several',
    values: { names: files.map(({ name }) => name) },
  });
}

/** A note on Transformers' dropout of attention weights, which applies in training only. */
function dropoutNote(config: unknown): Message[] {
  const rate = isRecord(config) ? config['attention_dropout'] : undefined;
  if (typeof rate !== 'number' || rate === 0) return [];
  return [message('attention_dropout_left_out', { rate })];
}

/** A note on the parts of a model that do not run. */
function towerNote({ towers }: ModelSpec): Message[] {
  return towers ? [message('images_left_aside')] : [];
}

function required(folder: ModelFolder, name: string): FileReader {
  const file = folder.get(name);
  if (file) return file;
  if (name === 'config.json' && folder.has(ADAPTER_CONFIG)) throw adapterAlone(folder);
  throw missing(folder, name);
}

const ADAPTER_CONFIG = 'adapter_config.json';

function adapterAlone(folder: ModelFolder): TunesmithError {
  return new TunesmithError({
    code: 'model_folder_is_adapter',
    values: { config: ADAPTER_CONFIG },
    detail: `found: ${[...folder.keys()].join(', ')}`,
  });
}

/** The error for a folder without readable weights; it names the files that exist instead. */
function withoutWeights(folder: ModelFolder): TunesmithError {
  const names = [...folder.keys()].sort();
  const pickle = names.find((name) => /\.(bin|pt|pth)$/.test(name));
  if (pickle === undefined) return missing(folder, SINGLE_FILE, otherWeights(names));
  return new TunesmithError({
    code: 'weights_not_safetensors',
    values: { file: pickle },
    detail: `found: ${names.join(', ')}`,
  });
}

/** Names the unreadable weights in a folder or a repository, as a clause; undefined if it has none. */
export function otherWeights(paths: readonly string[]): Message | undefined {
  const found = (pattern: RegExp): string | undefined => paths.find((path) => pattern.test(path));
  const part = found(/-\d+-of-\d+\.gguf$/i);
  if (part !== undefined) return message('weights_gguf_part', { path: part });
  const consolidated = found(/(^|\/)consolidated[^/]*\.safetensors$/);
  if (consolidated !== undefined) return message('weights_consolidated', { path: consolidated });
  const variant = found(/^(model|diffusion_pytorch_model)\.[^/]+\.safetensors$/);
  if (variant !== undefined) return message('weights_variant', { path: variant, name: SINGLE_FILE });
  const shard = found(/^[^/]*-\d+-of-\d+\.safetensors$/);
  if (shard !== undefined) return message('weights_without_index', { path: shard, index: INDEX_FILE });
  const below = found(/\/[^/]*\.(safetensors|gguf)$/);
  if (below === undefined) return undefined;
  return message('weights_below', { folder: below.slice(0, below.lastIndexOf('/')) });
}

function missing(folder: ModelFolder, name: string, instead?: Message): TunesmithError {
  return new TunesmithError({
    code: 'model_file_missing',
    values: { name, instead },
    detail: `found: ${[...folder.keys()].join(', ')}`,
  });
}
