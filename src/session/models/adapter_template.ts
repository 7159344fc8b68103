import { message, type Message } from '../../core/messages/message';
import {
  alpacaJinja,
  chatTemplateSource,
  hasTemplates,
  jinjaTemplate,
  sameTemplates,
  type ChatTemplate,
} from '../../data/template';
import { ADAPTER_CONFIG } from '../../models/adapter_files';
import { readText, type FileReader, type ModelFolder } from '../../models/folder';
import { readTokenizerConfig } from '../../models/tokenizer_files';
import { zipFolder } from '../../models/zip_folder';
import type { AdapterTemplate, OpenModel } from './open';

/**
 * The template in the files beside an imported adapter, as PEFT's and TRL's trainers save it; undefined if there is none.
 *
 * @param folder the adapter's folder, or a zip of one
 * @throws TunesmithError `json_invalid`, `text_not_utf8` and `zip_unreadable`, naming the file
 */
export async function readAdapterTemplate(
  folder: ModelFolder,
  model: Pick<OpenModel, 'facts' | 'tokenizer'>,
): Promise<AdapterTemplate | undefined> {
  const files = await filesBeside(folder);
  const file = files.get('chat_template.jinja');
  const source = chatTemplateSource(await readTokenizerConfig(files), file && (await readText(file)));
  if (source === undefined) return undefined;
  const { tokenizerConfig, templateFile } = model.facts;
  const ofBase = chatTemplateSource(tokenizerConfig, templateFile);
  if (ofBase !== undefined && hasTemplates(ofBase, source)) return 'model';
  if (sameTemplates(source, alpacaOf(model))) return 'alpaca';
  const { specialTokens } = model.tokenizer;
  let template: ChatTemplate | undefined;
  return { source, read: () => (template ??= jinjaTemplate(source, { specialTokens })) };
}

/** The Alpaca prompt as a chat template for other programs that run a model with this tokenizer. */
export function alpacaOf({ tokenizer }: Pick<OpenModel, 'tokenizer'>): string {
  const { eos_token, bos_token } = tokenizer.specialTokens;
  const [first] = tokenizer.encode('a', { addSpecialTokens: true });
  const addsBos = bos_token !== undefined && first !== undefined && tokenizer.decode([first]) === bos_token;
  return alpacaJinja(eos_token, addsBos ? bos_token : undefined);
}

/** Notes for the person on the template of an imported adapter. */
export function adapterTemplateNotes(template: AdapterTemplate | undefined): readonly Message[] {
  if (template === undefined || template === 'model') return [];
  return [message('adapter_template', { alpaca: template === 'alpaca' })];
}

/** The files in the folder of adapter_config.json by their names, also if the folder is in a zip. */
async function filesBeside(folder: ModelFolder): Promise<ModelFolder> {
  if (folder.has(ADAPTER_CONFIG)) return folder;
  const zip = [...folder.values()].find(({ name }) => name.toLowerCase().endsWith('.zip'));
  if (!zip) return folder;
  const files = await zipFolder(zip);
  const config = [...files.keys()].find((path) => `/${path}`.endsWith(`/${ADAPTER_CONFIG}`));
  const inside = config?.slice(0, -ADAPTER_CONFIG.length) ?? '';
  const beside = [...files].filter(([path]) => path.startsWith(inside));
  return new Map(
    beside.map(([path, file]): [string, FileReader] => {
      const name = path.slice(inside.length);
      return [name, { ...file, name }];
    }),
  );
}
