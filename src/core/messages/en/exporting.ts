import { format, plural } from './format';

export const exporting = {
  nothing: 'After training, you can download the adapter here, alone or merged with the model.',
  adapter: 'Open adapter',
  origin: 'From',
  rank: 'Rank and alpha',
  modules: 'Layers',
  parameters: 'Parameters',
  what: 'Format',
  options: 'Options',
  /** The groups of formats, by what a person wants to do. */
  purposes: {
    run: 'Run it: model and adapter in one',
    adapter: 'The adapter alone, beside the base model',
    more: 'Train it elsewhere',
  },
  download: {
    adapter: 'Download the adapter (.zip)',
    folder: 'Download the folder (.zip)',
    model: 'Download the model (.zip)',
  },
  alone: (ending: string, bytes: number) => `Only the ${ending} (${format.bytes(bytes)})`,
  beside: (name: string) => `${name}, to copy`,
  exporting: 'Writing and checking…',
  stop: 'Stop',
  stopping: 'Stopping…',
  saved: (fileName: string) => `Saved as ${fileName}.`,
  again: 'Download again',
  chat: 'Chat with the exported files',
  base: 'Base model',
  baseExample: 'owner/name',
  baseHelp:
    'Where this base model comes from: its name or address on the Hub, or a path. The model card and other programs find it by this. It is remembered with the model.',
  originals: 'Drop the folder of the base model in full precision here',
  originalsHelp: 'config.json, the tokenizer’s files and model*.safetensors',
  files: (count: number) => `Files (${format.count(count)})`,
  checked: 'Checked: the files were read back and give exactly the same answers.',
  checkedNear: (
    difference: string,
    share: number | undefined,
    same: { count: number; of: number } | undefined,
  ) =>
    format.paragraph([
      'Checked: the files were read back, and every weight is that of model and adapter, rounded once.',
      ...(share === undefined ? [] : [`They have ${format.percent(share)} of what the training changed.`]),
      same
        ? `Logits differ by at most ${difference}, and ${format.count(same.count)} of ${format.count(same.of)} next tokens are the same.`
        : `Logits differ by at most ${difference}.`,
    ]),
  checkedExamples: (records: 'tokens' | 'conversations') =>
    ({
      tokens: 'Checked: the files were read back and give exactly the tokens that are trained on here.',
      conversations:
        'Checked: the files were read back. The files of tokens have exactly those that are trained on here; the records have the same conversations, without the Alpaca prompt.',
    })[records],
  checkedOriginal: ({ base, adapter }: { base: number; adapter: number }) =>
    `Checked: the files were read back, and the weights are the original ones with the adapter. The original weights differ from those of the training by ${format.percent(base)}; the adapter changes them by ${format.percent(adapter)}.`,
  checkedApart:
    'Checked: the files were read back, and every weight is that of model and adapter, rounded once. Logits were not compared.',
  use: 'Use it',
  codeFor: (program: string) => `Code for ${program}`,
  import: 'Import an adapter',
  importHelp: 'To chat with it, or to train it further.',
  drop: 'Drop an adapter’s folder or zip here',
  importFiles: 'adapter_config.json and adapter_model.safetensors, or a .gguf file of an adapter',
  pickFolder: 'Choose folder…',
  pickFiles: 'Choose files…',
  importing: 'Reading the adapter…',
  needsModel: 'First open its base model in the step “Model”.',
  upload: (host: string) => `Upload to ${host}`,
  uploadRepo: 'Repository',
  uploadRepoExample: 'your-name/model-name',
  uploadTokenHelp: (host: string) => `With write access, from ${host}. It is sent only there.`,
  uploadPrivate: 'Private',
  uploadPrivateHelp: 'Only you see a repository that this upload creates.',
  uploadUpdate: 'Update the repository',
  uploadUpdateHelp: 'Files of the same name are replaced, the others stay.',
  uploadStart: 'Write, check and upload',
  uploadDone: 'Uploaded:',
  uploadTitle: (files: number) => `Upload ${plural(files, 'file')} with Tunesmith`,
};
