import { TunesmithError } from '../core/errors';
import { headerLength, parseHeader, type SafetensorsHeader } from '../formats/safetensors';
import { readSpec } from './config';
import { readJson, readText, type FileReader, type ModelFolder } from './folder';
import type { ModelSpec } from './spec';

export { readJson, type FileReader, type ModelFolder } from './folder';

/** What a folder holds, checked as far as that goes without reading the weights. */
export interface Checkpoint {
  readonly config: unknown;
  readonly spec: ModelSpec;
  readonly weights: FileReader;
  readonly header: SafetensorsHeader;
  readonly tokenizer: unknown;
  readonly tokenizerConfig: unknown;
  /** chat_template.jinja, where newer checkpoints keep the template. */
  readonly templateFile: string | undefined;
  /** generation_config.json, where there is one. */
  readonly generationConfig: unknown;
}

/** Throws `model_file_missing`, `json_invalid`, and what the config and the weights' header are refused for. */
export async function openCheckpoint(folder: ModelFolder): Promise<Checkpoint> {
  const config = await readJson(required(folder, 'config.json'));
  const spec = readSpec(config);
  const tokenizer = await readJson(required(folder, 'tokenizer.json'));
  const tokenizerConfig = await readJson(required(folder, 'tokenizer_config.json'));
  const generation = folder.get('generation_config.json');
  const generationConfig = generation && (await readJson(generation));
  const template = folder.get('chat_template.jinja');
  const templateFile = template && (await readText(template));
  const weights = required(folder, 'model.safetensors');
  const header = await readHeader(weights);
  return { config, spec, weights, header, tokenizer, tokenizerConfig, templateFile, generationConfig };
}

export async function readHeader(file: FileReader): Promise<SafetensorsHeader> {
  const length = headerLength(await file.read(0, Math.min(8, file.size)), file.size, file.name);
  return parseHeader(await file.read(0, 8 + length), file.size, file.name);
}

function required(folder: ModelFolder, name: string): FileReader {
  const file = folder.get(name);
  if (file) return file;
  throw new TunesmithError({
    code: 'model_file_missing',
    message: `The folder has no ${name}.`,
    hint: 'Drop the whole folder of a checkpoint: config.json, model.safetensors, tokenizer.json, tokenizer_config.json.',
    detail: `found: ${[...folder.keys()].join(', ')}`,
  });
}
