import { completeTokenizerConfig } from '../data/tokenizer_config';
import { readJson, readText, type ModelFolder } from './folder';

/**
 * Files beside `tokenizer.json` and `tokenizer_config.json` in which checkpoints, mostly older ones, keep special
 * tokens and chat templates.
 */
export const TOKENIZER_COMPANIONS: readonly string[] = [
  'chat_template.jinja',
  'chat_template.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'additional_chat_templates/tool_use.jinja',
];

/** Files that describe how models with towers prepare images; an export of the whole model needs them. */
export const PROCESSOR_FILES: readonly string[] = ['preprocessor_config.json', 'processor_config.json'];

/** The files of a checkpoint other than the weights. */
export const SMALL_FILES: readonly string[] = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  ...TOKENIZER_COMPANIONS,
  ...PROCESSOR_FILES,
];

/** The text of a folder's small files, by name. */
export async function readSmallTexts(folder: ModelFolder): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {};
  for (const [name, file] of folder) {
    if (SMALL_FILES.includes(name) || MORE_TEMPLATES.test(name)) texts[name] = await readText(file);
  }
  return texts;
}

const MORE_TEMPLATES = /(?:^|\/)additional_chat_templates\/([^/]+)\.jinja$/;

/**
 * `tokenizer_config.json` of a folder, completed from the files beside it; `{}` if it has none. Only
 * `chat_template.jinja` stays by itself.
 *
 * @throws TunesmithError `json_invalid` naming the file
 */
export async function readTokenizerConfig(folder: ModelFolder): Promise<unknown> {
  const json = async (name: string): Promise<unknown> => {
    const file = folder.get(name);
    return file && (await readJson(file));
  };
  const config = (await json('tokenizer_config.json')) ?? {};
  const addedTokens = await json('added_tokens.json');
  const specialTokensMap = await json('special_tokens_map.json');
  const templateJson = await json('chat_template.json');
  const moreTemplates: Record<string, string> = {};
  for (const [path, reader] of folder) {
    const name = MORE_TEMPLATES.exec(path)?.[1];
    if (name !== undefined) moreTemplates[name] = await readText(reader);
  }
  return completeTokenizerConfig(config, {
    addedTokens,
    specialTokensMap,
    templateJson,
    moreTemplates,
  });
}
