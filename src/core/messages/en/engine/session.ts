import { format, plural } from '../format';

/** Messages about opening a model, reading examples and runs. */
export const session = {
  /** Under way. */
  model_opening: 'Opening the model',
  run_opening: 'Opening the run',
  files_reading: 'Reading the model’s files',
  stored_model_reading: 'Reading the saved model',
  other_tab_fetching: ({ repo }: { repo: string }) =>
    `Another tab is downloading ${repo}; this one waits for it`,
  host_asking: ({ host, repo }: { host: string; repo: string }) => `Asking ${host} for ${repo}`,
  file_fetching: ({ file, repo }: { file: string; repo: string }) => `Downloading ${file} of ${repo}`,
  downloading: ({ repo }: { repo: string }) => `Downloading ${repo}`,
  downloading_loading: ({ tensor }: { tensor: string }) => `Downloading · loading ${tensor}`,
  downloading_quantising: ({ tensor }: { tensor: string }) => `Downloading · quantising ${tensor}`,
  tensor_loading: ({ tensor }: { tensor: string }) => `Loading ${tensor}`,
  tensor_quantising: ({ tensor }: { tensor: string }) => `Quantising ${tensor}`,
  copy_keeping: 'Saving a copy of the model on this computer',
  examples_reading: 'Reading the examples',
  noise_reducing: 'Comparing the adapter with the base’s weights',
  noise_measuring: 'Computing the loss',
  start_copying: 'Copying the weights that will be trained',
  start_computing: ({ kind }: { kind: string }) => `Computing the start of ${kind} from the weights`,
  keeping_for_reload: ({ label, fraction }: { label: string; fraction: number }) =>
    `${label}, to continue after a reload: ${format.percent(fraction)}`,
  device_lost_going_on: ({ step }: { step: number }) =>
    `The connection to the graphics card was lost. The run continues from step ${format.count(step)}.`,
  /** Notes on a model. */
  copy_stopped:
    'This model has no saved copy, because saving was stopped. It is saved the next time you open the model.',
  copy_no_room: ({ reason }: { reason: string }) =>
    `There is no room to save this model: it will be downloaded again the next time. ${reason}`,
  run_copy_no_room: ({ reason }: { reason: string }) =>
    `There is no room to save the model: after a reload, open it again before you continue the run. ${reason}`,
  gguf_chosen: ({ count, file }: { count: number; file: string }) =>
    `${file} was chosen from ${format.count(count)} GGUF files.`,
  hub_has_newer: ({ now, kept }: { now: string; kept: string }) =>
    `The Hub has another version of this model (${now}) than the saved one (${kept}). To download the Hub’s version, remove the saved model first.`,
  positions_limit: ({ positions, max_seq_length }: { positions: number; max_seq_length: number }) =>
    `This model takes at most ${positions} tokens: max_seq_length = ${max_seq_length} counts as ${positions}.`,
  template_unusable: ({ reason }: { reason: string }) =>
    `${reason} Choose the Alpaca prompt as the template.`,
  eos_missing:
    'tokenizer_config.json names no eos_token, and no other file names one: no token marks the end of a text or an answer.',
  eos_taken: ({ token }: { token: string }) =>
    `tokenizer_config.json names no eos_token; ${token} is used, as the tokenizer’s class or the model’s configs name it.`,
  adapter_of_other_base: ({ named, open }: { named: string; open: string }) =>
    `The adapter was made for ${named}, but ${open} is open. If these are different models, the adapter will not work well.`,
  mix_templates: ({ used, other }: { used: string; other: string }): string =>
    `${other} was trained with another chat template than ${used}, whose template the mix uses.`,
  adapter_template: ({ alpaca }: { alpaca: boolean }): string =>
    alpaca
      ? 'The adapter was trained with the Alpaca prompt: chat and exports use it.'
      : 'The adapter has another chat template than the base: chat and exports use the adapter’s.',
  /** How the weights are computed with. `published`: which of them are so in the checkpoint's files. */
  weight_formats: ({
    formats,
    published,
  }: {
    formats: readonly string[];
    published: 'all' | 'rest' | 'none';
  }) =>
    `${formats.join(' and ')}${{ all: ', as published', rest: ', the rest as published', none: '' }[published]}`,
  /** Notes on examples. */
  conversations_template: ({ template }: { template: string }) =>
    `Conversations are written with ${template}.`,
  examples_endless: ({ endless, examples }: { endless: number; examples: number }) =>
    `In ${format.count(endless)} of ${plural(examples, 'example')} no special token ends a text or an answer: these examples do not teach the model to stop.`,
  examples_weighted: ({ weighted }: { weighted: number }) =>
    `In ${plural(weighted, 'record')} the loss of an answer or a text has a weight: training counts it that much, evaluation does not.`,
  sources_unknown: ({ names }: { names: readonly string[] }) =>
    `The setting sources has options for ${format.list(names)}, but no file of examples has that name.`,
  cleaning_step: ({ step, changed, dropped }: { step: string; changed: number; dropped: number }) =>
    `Cleaning (${step}): ${plural(changed, 'record')} changed, ${plural(dropped, 'record')} dropped.`,
  columns_guess: ({ sources }: { sources: string }) =>
    `Some columns are not recognised. By their names and values this may be what they mean: sources = ${sources}`,
  columns_absent: ({ file, names }: { file: string; names: readonly string[] }) =>
    `The setting sources names columns that the first records of ${file} do not have: ${format.list(names)}.`,
  examples_judged: ({ compared, judged }: { compared: number; judged: number }) =>
    `${format.list([
      ...(compared > 0 ? [`${plural(compared, 'record')} with a better and a worse answer`] : []),
      ...(judged > 0 ? [`${plural(judged, 'record')} with an answer that is marked as good or bad`] : []),
    ])} ${compared + judged === 1 ? 'is' : 'are'} kept, but not learnt: the objective learns no comparisons of answers.`,
  examples_leaked: ({ leaked }: { leaked: number }) =>
    `${plural(leaked, 'example')} for training ${leaked === 1 ? 'has' : 'have'} the same content as an example for evaluation, so training leaves ${leaked === 1 ? 'it' : 'them'} out.`,
  nothing_held_out:
    'Nothing is held out for evaluation, because there is only one example. Add a file of examples for evaluation to measure the loss on text that training does not use.',
  /** The difference between a checkpoint and the session. */
  other_objective: 'another objective',
  other_model: 'another model',
  other_examples: 'other examples',
  other_adapter_settings: 'other adapter settings',
};
