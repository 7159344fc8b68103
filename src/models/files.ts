import { TunesmithError } from '../core/errors';
import { checkUnexpected, checkWeights } from './check_tensors';
import { readSpec } from './config';
import { readJson, readText, type FileReader, type ModelFolder } from './folder';
import { INDEX_FILE, SINGLE_FILE, readTensorFiles } from './shards';
import type { ModelSpec } from './spec';
import type { StoredTensor, StoredWeight, StoredWeights } from './stored/stored_weight';

export { readJson, type FileReader, type ModelFolder } from './folder';

/** What a folder holds, checked as far as that goes without reading the weights. */
export interface Checkpoint {
  readonly config: unknown;
  readonly spec: ModelSpec;
  /** How each weight is stored, by its name in Transformers' checkpoints. */
  readonly stored: StoredWeights;
  /** The files that hold weights, in the order in which they are best read. */
  readonly files: readonly FileReader[];
  readonly tokenizer: unknown;
  readonly tokenizerConfig: unknown;
  /** chat_template.jinja, where newer checkpoints keep the template. */
  readonly templateFile: string | undefined;
  /** generation_config.json, where there is one. */
  readonly generationConfig: unknown;
  /** What a person should know about how the weights are used. */
  readonly notes: readonly string[];
}

/**
 * Opens a checkpoint's folder: one safetensors file, or shards by their index. Only headers of the weights are read.
 * Throws `model_file_missing`, `weights_not_safetensors`, `json_invalid`, and what the config, the index and the headers
 * are refused for.
 */
export async function openCheckpoint(folder: ModelFolder): Promise<Checkpoint> {
  const config = await readJson(required(folder, 'config.json'));
  const spec = readSpec(config);
  const tokenizer = await readJson(required(folder, 'tokenizer.json'));
  const tokenizerConfig = await readJson(required(folder, 'tokenizer_config.json'));
  const generation = folder.get('generation_config.json');
  const generationConfig = generation && (await readJson(generation));
  const template = folder.get('chat_template.jinja');
  const templateFile = template && (await readText(template));
  const found = await readTensorFiles(folder);
  if (!found) throw withoutWeights(folder);
  const { tensors, files } = found;
  const stored = denseWeights(tensors);
  checkWeights(spec, stored);
  checkUnexpected(spec, stored, tensors);
  const small = { config, tokenizer, tokenizerConfig, templateFile, generationConfig };
  return { ...small, spec, stored, files, notes: [] };
}

function denseWeights(tensors: ReadonlyMap<string, StoredTensor>): StoredWeights {
  return new Map(
    [...tensors].map(([name, tensor]): [string, StoredWeight] => [name, { kind: 'dense', tensor }]),
  );
}

function required(folder: ModelFolder, name: string): FileReader {
  const file = folder.get(name);
  if (file) return file;
  throw missing(folder, `The folder has no ${name}.`);
}

/** Says by name what there is instead of weights that can be read. */
function withoutWeights(folder: ModelFolder): TunesmithError {
  const names = [...folder.keys()].sort();
  const shard = names.find((name) => /-\d+-of-\d+\.safetensors$/.test(name));
  if (shard !== undefined) return missing(folder, `The folder has ${shard}, but no ${INDEX_FILE}.`);
  const pickle = names.find((name) => /\.(bin|pt|pth)$/.test(name));
  if (pickle === undefined) return missing(folder, `The folder has no ${SINGLE_FILE}.`);
  return new TunesmithError({
    code: 'weights_not_safetensors',
    message: `The folder has its weights in ${pickle} only, which is a program in Python's pickle format and is not run.`,
    hint: 'Choose a version of this model in safetensors; save_pretrained in Transformers writes one.',
    detail: `found: ${names.join(', ')}`,
  });
}

function missing(folder: ModelFolder, message: string): TunesmithError {
  return new TunesmithError({
    code: 'model_file_missing',
    message,
    hint:
      'Drop the whole folder of a checkpoint: config.json, model.safetensors (or its parts and their index), ' +
      'tokenizer.json, tokenizer_config.json.',
    detail: `found: ${[...folder.keys()].join(', ')}`,
  });
}
