import { Document } from 'yaml';
import type { JsonValue } from '../../core/json';
import { datasetName, FILES, factoryFile, PARTS, recordsFile, type Part } from './names';
import type { AllWords } from './words';

export interface FactoryFacts {
  readonly words: AllWords;
  readonly baseModel: string;
  readonly revision: string | null;
  readonly heldOut: boolean;
  readonly fromAdapter: boolean;
}

/** The file that `llamafactory-cli train` reads, with the same meaning as the settings. */
export function factoryText({ words, baseModel, revision, heldOut, fromAdapter }: FactoryFacts): string {
  const values: Readonly<Record<string, JsonValue>> = {
    model_name_or_path: baseModel,
    ...(revision !== null && { model_revision: revision }),
    ...(fromAdapter && { adapter_name_or_path: FILES.start }),
    do_train: true,
    dataset_dir: 'data',
    dataset: datasetName('train'),
    ...(heldOut && { eval_dataset: datasetName('eval') }),
    // Examples are batched as here, each with its own attention.
    packing: false,
    output_dir: 'adapter_llamafactory',
    ...words.factory,
  };
  return new Document(values).toString();
}

/** The forms in which LLaMA-Factory finds the examples. */
export type FactoryForm = 'texts' | 'messages' | 'own';

/** dataset_info.json. A `columns` block sets all columns that it does not name to none. */
export function datasetInfoText(form: FactoryForm, heldOut: boolean): string {
  const entry = (part: Part): JsonValue =>
    form === 'texts'
      ? { file_name: base(recordsFile(part)), formatting: 'alpaca', columns: { prompt: 'text' } }
      : {
          file_name: base((form === 'own' ? factoryFile : recordsFile)(part)),
          formatting: 'sharegpt',
          columns: { messages: 'messages', ...(form === 'own' && { tools: 'tools' }) },
          tags: {
            role_tag: 'role',
            content_tag: 'content',
            user_tag: 'user',
            assistant_tag: 'assistant',
            observation_tag: 'tool',
            function_tag: 'function_call',
            system_tag: 'system',
          },
        };
  const parts = PARTS.filter((part) => part === 'train' || heldOut);
  const info = Object.fromEntries(parts.map((part) => [datasetName(part), entry(part)]));
  return `${JSON.stringify(info, null, 2)}\n`;
}

function base(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
