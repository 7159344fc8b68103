import { fieldsOf, type LosslessJson } from '../../core/lossless_json';
import { chatTemplateSource, sameTemplates, type TemplateSource } from '../../data/template';
import { isRecord } from '../../core/json';
import type { Checkpoint } from '../../models/files';
import { PROCESSOR_FILES } from '../../models/tokenizer_files';
import { fieldsOfText, jsonText } from './json_text';

export type SmallFacts = Pick<
  Checkpoint,
  'config' | 'tokenizer' | 'tokenizerConfig' | 'templateFile' | 'generationConfig' | 'texts' | 'ggufTokenizer'
>;

export const CONFIG = 'config.json';
export const TOKENIZER_CONFIG = 'tokenizer_config.json';
export const TEMPLATE = 'chat_template.jinja';

/**
 * A checkpoint's small files for weights of another dtype: unchanged, except that config.json names the dtype and no
 * quantisation, and both files with the chat template have the one that is used here. For a GGUF file they are made from
 * its header.
 */
export function smallFiles(facts: SmallFacts, dtype: string): ReadonlyMap<string, string> {
  const files = new Map(Object.entries({ ...made(facts), ...facts.texts }));
  files.set(CONFIG, configText(files.get(CONFIG) ?? '{}', dtype));
  const template = chatTemplateSource(facts.tokenizerConfig, facts.templateFile);
  if (template === undefined) return files;
  if (typeof template === 'string') files.set(TEMPLATE, template);
  const text = files.get(TOKENIZER_CONFIG) ?? '{}';
  const fields = fieldsOfText(text);
  const isThere = sameTemplates(chatTemplateSource(JSON.parse(text)), template);
  if (fields && !isThere) {
    files.set(TOKENIZER_CONFIG, `${jsonText(fields.set('chat_template', templateField(template)))}\n`);
  }
  return files;
}

/** The small files with another chat template than their own. */
export function withTemplate(facts: SmallFacts, template: TemplateSource): SmallFacts {
  const chat_template = templateField(template);
  const own = Object.entries(facts.texts).filter(([name]) => !name.includes('chat_template'));
  const texts = Object.fromEntries(own);
  const text = texts[TOKENIZER_CONFIG];
  const fields = text === undefined ? undefined : fieldsOfText(text);
  if (fields) texts[TOKENIZER_CONFIG] = `${jsonText(fields.set('chat_template', chat_template))}\n`;
  const { tokenizerConfig } = facts;
  return {
    ...facts,
    texts,
    templateFile: undefined,
    tokenizerConfig: { ...(isRecord(tokenizerConfig) && tokenizerConfig), chat_template },
  };
}

/** `chat_template` of tokenizer_config.json: a text, or a list of several with their names. */
function templateField(source: TemplateSource): LosslessJson {
  if (typeof source === 'string') return source;
  return Object.entries(source).map(
    ([name, template]) =>
      new Map([
        ['name', name],
        ['template', template],
      ]),
  );
}

/**
 * The files beside an adapter that tell how to talk to it: of the tokenizer, with the chat template in both of its
 * places, and generation_config.json. Without a config.json beside it, tokenizer_config.json must name a class.
 */
export function tokenizerFiles(facts: SmallFacts): ReadonlyMap<string, string> {
  const files = new Map(smallFiles(facts, 'float32'));
  for (const name of [CONFIG, ...PROCESSOR_FILES]) files.delete(name);
  const fields = fieldsOfText(files.get(TOKENIZER_CONFIG) ?? '{}');
  if (fields && typeof fields.get(TOKENIZER_CLASS) !== 'string') {
    const { [TOKENIZER_CLASS]: named } = isRecord(facts.config) ? facts.config : {};
    fields.set(TOKENIZER_CLASS, typeof named === 'string' ? named : AS_STORED);
    files.set(TOKENIZER_CONFIG, `${jsonText(fields)}\n`);
  }
  return files;
}

const TOKENIZER_CLASS = 'tokenizer_class';
/** Transformers' class that takes tokenizer.json as it is. */
const AS_STORED = 'PreTrainedTokenizerFast';

/** The files that every checkpoint has, made from the base's facts; the original files replace them if they exist. */
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
    // By a model's type alone, Transformers may choose a class that changes the tokenizer.
    [TOKENIZER_CONFIG]: { [TOKENIZER_CLASS]: AS_STORED, ...(isRecord(tokenizerConfig) && tokenizerConfig) },
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
  // Transformers before 4.56 knows only the older name; later versions know both.
  if (!setDtype(fields, dtype)) fields.set('torch_dtype', dtype);
  const text_config = fieldsOf(fields.get('text_config'));
  if (text_config) {
    const inner = new Map(Object.entries(text_config));
    setDtype(inner, dtype);
    fields.set('text_config', inner);
  }
  return `${jsonText(fields)}\n`;
}

/** Sets the dtype under the names that the fields have; returns whether they have one. */
function setDtype(fields: Map<string, LosslessJson>, dtype: string): boolean {
  const named = ['dtype', 'torch_dtype'].filter((name) => fields.has(name));
  for (const name of named) fields.set(name, dtype);
  return named.length > 0;
}
