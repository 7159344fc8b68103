import { TunesmithError } from '../core/errors';
import { headerLength, parseHeader, type SafetensorsHeader } from '../formats/safetensors';
import { readSpec } from './config';
import type { ModelSpec } from './spec';

/** A file that can be read in ranges, wherever it lies. */
export interface FileReader {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** A checkpoint's folder: its files by name. */
export type ModelFolder = ReadonlyMap<string, FileReader>;

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

/** Throws `json_invalid` naming the file. */
export async function readJson(file: FileReader): Promise<unknown> {
  const text = await readText(file);
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    throw new TunesmithError({
      code: 'json_invalid',
      message: `${file.name} is not valid JSON.`,
      hint: 'Take the file again from where the model came from.',
      cause,
    });
  }
}

async function readText(file: FileReader): Promise<string> {
  return new TextDecoder().decode(await file.read(0, file.size));
}
