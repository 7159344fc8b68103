import { format } from '../format';

const DOING = {
  chatting: 'chatting',
  exporting: 'exporting',
  importing: 'importing an adapter',
  opening_model: 'opening a model',
  opening_run: 'opening a run',
  reducing: 'reducing the noise of the adapter',
  mixing: 'mixing adapters',
  training: 'training',
  writing: 'writing rows',
};

const WITH_WEIGHTS =
  'Choose a model with model.safetensors, with shards and their index, or with a .gguf file.';
const WITH_SMALL_FILES =
  'Choose a model that is published with config.json, tokenizer.json and tokenizer_config.json.';

export const sessionErrors = {
  base_missing: {
    message: 'This model is no longer in storage.',
    hint: 'It was removed, perhaps in another tab. Open it again from its source.',
  },
  /** `other`: what is another: the model, the examples, … */
  checkpoint_differs: ({ other }: { other: string }) => ({
    message: `The checkpoint was made with ${other}.`,
    hint: 'Continue with the same objective, model, examples and settings, or start a new run.',
  }),
  demo_missing: {
    message: 'A file of the demo could not be loaded.',
    hint: 'Reload the page. If you serve it yourself, check that all of its files are there.',
  },
  endpoint_differs: ({ wanted, endpoint }: { wanted: string; endpoint: string }) => ({
    message: `This address belongs to ${wanted}, but the endpoint is ${endpoint}.`,
    hint: `Choose ${wanted} as the endpoint, or give the name alone, as owner/name.`,
  }),
  engine_busy: ({ doing }: { doing: keyof typeof DOING }) => ({
    message: `This can’t be done while the engine is ${DOING[doing]}.`,
    hint: 'Wait for it to finish, or stop it.',
  }),
  examples_outdated: {
    message: 'The examples have not been read with the present settings yet.',
    hint: 'Wait until they are read.',
  },
  examples_missing: { message: 'There are no examples yet.', hint: 'Add examples first.' },
  file_not_gguf: ({ repo, file }: { repo: string; file: string }) => ({
    message: `${file} of ${repo} is not a GGUF file, and no other single file is a model by itself.`,
    hint: `Write only ${repo} to open the whole model, or name a .gguf file.`,
  }),
  gguf_file_missing: ({ repo, file, names }: { repo: string; file: string; names: readonly string[] }) => ({
    message: `${repo} has no file ${file}.`,
    hint: names.length > 0 ? `It has ${names.join(', ')}.` : 'It has no GGUF files.',
  }),
  model_changed: ({ name }: { name: string }) => ({
    message: `The weights of ${name} have changed since it was opened.`,
    hint: 'Open it again. Runs that were trained on the former weights need the former files.',
  }),
  adapter_unknown: ({ name }: { name: string }) => ({
    message: `The adapter ${name} is no longer in memory.`,
    hint: 'Import it again, or open its run.',
  }),
  no_adapter: { message: 'There is no adapter yet.', hint: 'Train one, or import one.' },
  no_model: { message: 'No model is open.', hint: 'Choose a model first.' },
  repository_config_missing: ({ repo }: { repo: string }) => ({
    message: `${repo} has no config.json.`,
    hint: WITH_SMALL_FILES,
  }),
  repository_is_adapter: ({ repo }: { repo: string }) => ({
    message: `${repo} is an adapter, not a model.`,
    hint: 'Open the model that it was trained on; its page names it.',
  }),
  repository_pointer: ({ repo, file, bytes }: { repo: string; file: string; bytes: number }) => ({
    message: `${file} of ${repo} has ${bytes} bytes: it is a Git LFS pointer, not the weights.`,
    hint: 'Choose another upload of this model: the weights of this one were never uploaded.',
  }),
  repository_shard_missing: ({ repo, file, index }: { repo: string; file: string; index: string }) => ({
    message: `${repo} has no ${file}, which its ${index} names as a part of the weights.`,
    hint: 'Choose another version of this model: this one is not complete.',
  }),
  /** `commit`: of the hub, if the model is from there. */
  run_model_differs: ({
    name,
    hub,
    commit,
    load,
  }: {
    name: string;
    hub: boolean;
    commit?: string;
    load: readonly string[];
  }) => ({
    message: `${name} is not the model that this run was trained on: its weights, its tokenizer or how it is loaded differ.`,
    hint: hub
      ? `Open the former ${name}${commit === undefined ? '' : ` (${commit})`} from the Hub, with ${format.list(load)}; or start a new run on the open model.`
      : `Open the former ${name} from its folder, with ${format.list(load)}; or start a new run on the open model.`,
  }),
  run_model_missing: ({ name, load }: { name: string; load: readonly string[] }) => ({
    message: `${name}, which this run was trained on, is no longer saved here.`,
    hint: `Open the folder of ${name} again, with ${format.list(load)}; then continue the run.`,
  }),
  run_without_checkpoint: {
    message: 'This run stopped before its first step, so it has no adapter.',
    hint: 'Start a new run.',
  },
  setting_differs: ({ setting, given, held }: { setting: string; given: string; held: string }) => ({
    message: `${setting} is ${given}, but the run started with ${held}.`,
    hint: `Leave ${setting} out.`,
  }),
  setting_of_adapter: ({ setting, given, held }: { setting: string; given: string; held: string }) => ({
    message: `${setting} is ${given}, but the adapter in --init_adapter has ${held}.`,
    hint: `Leave ${setting} out.`,
  }),
  start_stopped: {
    message: 'Stopped while the start of the adapter was computed: nothing was learnt yet.',
    hint: 'Continue the run, or start a new one.',
  },
  token_beyond_vocabulary: ({ text, id, vocabulary }: { text: string; id: number; vocabulary: number }) => ({
    message: `The tokenizer turns “${text}” into token ${id}, but the model has only ${format.count(vocabulary)} tokens.`,
    hint: 'Remove this text, or use a tokenizer.json that belongs to this model.',
  }),
  tokenizer_missing: ({ repo, file }: { repo: string; file: string }) => ({
    message: `${repo} has no ${file}.`,
    hint: WITH_SMALL_FILES,
  }),
  weights_pickled: ({ repo, file }: { repo: string; file: string }) => ({
    message: `${repo} has its weights as ${file} only, which is not a safetensors file.`,
    hint: WITH_WEIGHTS,
  }),
  /** `other`: what it has instead, if that is known. */
  weights_unsupported: ({ repo, other }: { repo: string; other?: string }) => ({
    message:
      other === undefined
        ? `${repo} has no weights that can be opened.`
        : `${repo} has no weights that can be opened; ${other}.`,
    hint: WITH_WEIGHTS,
  }),
};
