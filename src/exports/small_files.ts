import { fieldsOf, type LosslessJson } from '../core/lossless_json';
import { chatTemplateSource } from '../data/template';
import type { Checkpoint } from '../models/files';
import { fieldsOfText, jsonText } from './json_text';

export type SmallFacts = Pick<
  Checkpoint,
  'config' | 'tokenizer' | 'tokenizerConfig' | 'templateFile' | 'generationConfig' | 'texts'
>;

export const CONFIG = 'config.json';
const TOKENIZER_CONFIG = 'tokenizer_config.json';
const TEMPLATE = 'chat_template.jinja';

/**
 * A checkpoint's small files for weights of another dtype: as they came, but config.json names the dtype and no
 * quantisation, and the chat template stands in both of its places. Those of a GGUF file are made from its header.
 */
export function smallFiles(facts: SmallFacts, dtype: string): ReadonlyMap<string, string> {
  const files = new Map(Object.entries({ ...made(facts), ...facts.texts }));
  files.set(CONFIG, configText(files.get(CONFIG) ?? '{}', dtype));
  const template = chatTemplateSource(facts.tokenizerConfig, facts.templateFile);
  if (typeof template === 'string') {
    files.set(TEMPLATE, template);
    const fields = fieldsOfText(files.get(TOKENIZER_CONFIG) ?? '{}');
    if (fields && !fields.has('chat_template')) {
      files.set(TOKENIZER_CONFIG, `${jsonText(fields.set('chat_template', template))}\n`);
    }
  }
  return files;
}

/** The files that every checkpoint has, if they came in another form. */
function made({
  config,
  tokenizer,
  tokenizerConfig,
  generationConfig,
  texts,
}: SmallFacts): Record<string, string> {
  if (CONFIG in texts) return {};
  const files = {
    [CONFIG]: config,
    'tokenizer.json': tokenizer,
    [TOKENIZER_CONFIG]: tokenizerConfig,
    'generation_config.json': generationConfig,
  };
  return Object.fromEntries(
    Object.entries(files).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, `${JSON.stringify(value, null, 2)}\n`]],
    ),
  );
}

function configText(text: string, dtype: string): string {
  const fields = fieldsOfText(text) ?? new Map<string, LosslessJson>();
  fields.delete('quantization_config');
  // Versions of Transformers before 4.56 know the older name alone, and later ones know both.
  if (!setDtype(fields, dtype)) fields.set('torch_dtype', dtype);
  const text_config = fieldsOf(fields.get('text_config'));
  if (text_config) {
    const inner = new Map(Object.entries(text_config));
    setDtype(inner, dtype);
    fields.set('text_config', inner);
  }
  return `${jsonText(fields)}\n`;
}

/** Whether the fields name a dtype, which is this one then. */
function setDtype(fields: Map<string, LosslessJson>, dtype: string): boolean {
  const named = ['dtype', 'torch_dtype'].filter((name) => fields.has(name));
  for (const name of named) fields.set(name, dtype);
  return named.length > 0;
}
