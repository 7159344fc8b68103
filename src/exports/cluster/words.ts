import { startsAsPissa } from '../../core/settings/starts';
import type { JsonValue } from '../../core/json';
import { decayStepsOf, warmupStepsOf } from '../../train/schedule';
import { DEFAULTS, SETTING_NAMES, type SettingName, type TrainSettings } from '../../core/settings/settings';

/** The trainers that an export for a cluster is written for. */
export type Trainer = 'TRL' | 'LLaMA-Factory';

type Values = Readonly<Record<string, JsonValue>>;

/** How other trainers are told one setting. All parts are optional, because the examples' files say some settings. */
interface Words {
  /** Arguments of TRL's SFTConfig. */
  readonly sft?: Values;
  /** Arguments of PEFT's config of the adapter. */
  readonly adapter?: Values;
  /** Arguments of transformers' BitsAndBytesConfig. */
  readonly bits?: Values;
  /** Keys of LLaMA-Factory's file. */
  readonly factory?: Values;
  /** The trainers that have no word for this value. */
  readonly unsaid?: readonly Trainer[];
}

/** Facts besides the settings that their words depend on. */
export interface WordsContext {
  /** PEFT's `target_modules`, with all names written out. */
  readonly target_modules: readonly string[] | string;
  /** PEFT's `feedforward_modules`, which are among the targets. */
  readonly feedforward_modules: readonly string[];
  /** The modules' names, or their paths if only some layers have an adapter. */
  readonly names: readonly string[];
  /** Whether LLaMA-Factory reads the examples as plain texts. */
  readonly texts: boolean;
  /** Whether some examples are held out. */
  readonly heldOut: boolean;
  /** Whether the base's own files are quantised, so that no trainer may quantise them again. */
  readonly quantised: boolean;
  /** Optimizer steps of the run. */
  readonly steps: number;
}

/** A setting whose name and value TRL and LLaMA-Factory share, because both pass it to transformers. */
const shared =
  (name: SettingName) =>
  (value: JsonValue): Words => ({ sft: { [name]: value }, factory: { [name]: value } });

/** A setting of LoRA that PEFT knows, and LLaMA-Factory under the name given. */
const adapter =
  (name: SettingName, factory: string) =>
  (value: JsonValue, { finetuning_type: type }: TrainSettings): Words =>
    type === 'lora' ? { adapter: { [name]: value }, factory: { [factory]: value } } : {};

/** A setting of LoRA for which LLaMA-Factory has no word, unless its value is empty. */
const onlyPeft =
  (name: SettingName) =>
  (value: Readonly<Record<string, number>>, { finetuning_type: type }: TrainSettings): Words =>
    type !== 'lora' || Object.keys(value).length === 0
      ? {}
      : { adapter: { [name]: value }, unsaid: ['LLaMA-Factory'] };

/** A setting of OFT for which LLaMA-Factory has no word and takes PEFT's default. */
const ofOft =
  (name: SettingName) =>
  (value: JsonValue, { finetuning_type: type }: TrainSettings): Words => {
    if (type !== 'oft') return {};
    return { adapter: { [name]: value }, ...(value !== DEFAULTS[name] && { unsaid: ['LLaMA-Factory'] }) };
  };

/** Transformers' `lr_scheduler_kwargs` for the type of the schedule. */
function schedulerArguments(settings: TrainSettings, steps: number): Values {
  const { num_cycles, min_lr_rate, power, lr_end, timescale, decay_type, min_lr_ratio } = settings;
  switch (settings.lr_scheduler_type) {
    case 'cosine_with_restarts':
      return { num_cycles };
    case 'cosine_with_min_lr':
      return { min_lr_rate };
    case 'polynomial':
      return { power, lr_end };
    case 'inverse_sqrt':
      return timescale === null ? {} : { timescale };
    case 'warmup_stable_decay':
      return { num_decay_steps: decayStepsOf(settings.num_decay_steps, steps), decay_type, min_lr_ratio };
    default:
      return {};
  }
}

/** The loss by which the Trainer compares checkpoints. */
const BY_EVALUATION_LOSS = { metric_for_best_model: 'eval_loss', greater_is_better: false };

/** Whether PEFT and LLaMA-Factory refuse a quantised base, because the adapter begins with a part of its weights. */
function needsWhole(settings: TrainSettings): boolean {
  return startsAsPissa(settings);
}

/**
 * The words of every setting: the type lets none be forgotten. Names and meanings: transformers 5.24 (TrainingArguments),
 * TRL 1.16 (SFTConfig), PEFT 0.21 (LoraConfig), LLaMA-Factory 0.9.5 (src/llamafactory/hparams).
 */
const WORDS: {
  readonly [Name in SettingName]: (
    value: TrainSettings[Name],
    settings: TrainSettings,
    context: WordsContext,
  ) => Words;
} = {
  load_in_4bit: (on, settings, { quantised }) => {
    if (!on || quantised) return {};
    if (needsWhole(settings)) return { unsaid: ['TRL', 'LLaMA-Factory'] };
    return {
      bits: { load_in_4bit: true, bnb_4bit_quant_type: 'nf4' },
      factory: { quantization_bit: 4, quantization_method: 'bnb', quantization_type: 'nf4' },
    };
  },
  bnb_4bit_use_double_quant: (on, settings, { quantised }) =>
    settings.load_in_4bit && !quantised && !needsWhole(settings)
      ? { bits: { bnb_4bit_use_double_quant: on }, factory: { double_quantization: on } }
      : {},
  // The script chooses the dtype of the base on the GPU that it finds.
  dtype: (dtype) => {
    if (dtype === 'float32') return {};
    return { factory: { [dtype === 'auto' ? 'bf16' : 'fp16']: true } };
  },

  num_train_epochs: shared('num_train_epochs'),
  learning_rate: shared('learning_rate'),
  r: adapter('r', 'lora_rank'),
  // The files of tokens are cut already.
  max_seq_length: (length) => ({ factory: { cutoff_len: length } }),

  // LLaMA-Factory refuses the types that it does not know.
  finetuning_type: (finetuning_type) => ({
    factory: { finetuning_type },
    ...(finetuning_type === 'ia3' && { unsaid: ['LLaMA-Factory'] }),
  }),
  oft_block_size: (size, { finetuning_type: type }) =>
    type === 'oft' ? { adapter: { oft_block_size: size }, factory: { oft_block_size: size } } : {},
  use_cayley_neumann: ofOft('use_cayley_neumann'),
  num_cayley_neumann_terms: ofOft('num_cayley_neumann_terms'),
  feedforward_modules: (_names, { finetuning_type: type }, { feedforward_modules }) =>
    type === 'ia3' ? { adapter: { feedforward_modules: [...feedforward_modules] } } : {},
  // A model whose own blocks are trained has no folder for a cluster.
  freeze_trainable_layers: () => ({}),
  freeze_trainable_modules: () => ({}),
  freeze_extra_modules: () => ({}),
  lora_alpha: adapter('lora_alpha', 'lora_alpha'),
  lora_dropout: adapter('lora_dropout', 'lora_dropout'),
  use_rslora: adapter('use_rslora', 'use_rslora'),
  use_dora: adapter('use_dora', 'use_dora'),
  init_lora_weights: (start, { finetuning_type: type }) => {
    if (type !== 'lora') return {};
    if (start === true) return { adapter: { init_lora_weights: true } };
    // PEFT's own LoftQ needs an unquantised base, of which it makes another one.
    if (start === 'loftq') return { adapter: { init_lora_weights: true }, unsaid: ['TRL', 'LLaMA-Factory'] };
    const rounds = Number(/^pissa_niter_(\d+)$/.exec(start)?.[1] ?? -1);
    return {
      adapter: { init_lora_weights: start },
      factory: { pissa_init: true, pissa_iter: rounds, pissa_convert: true },
    };
  },
  rank_pattern: onlyPeft('rank_pattern'),
  alpha_pattern: onlyPeft('alpha_pattern'),
  // LLaMA-Factory is told the paths of the modules instead.
  layers_to_transform: (layers, _, { target_modules }) =>
    layers === null || typeof target_modules === 'string'
      ? {}
      : { adapter: { layers_to_transform: [...layers] } },
  target_modules: (_value, { finetuning_type: type }, { target_modules, names }) => ({
    adapter: {
      target_modules: typeof target_modules === 'string' ? target_modules : [...target_modules],
    },
    factory: { [type === 'oft' ? 'oft_target' : 'lora_target']: names.join(',') },
  }),

  max_steps: shared('max_steps'),
  per_device_train_batch_size: (size) => {
    const values = { per_device_train_batch_size: size, per_device_eval_batch_size: size };
    return { sft: values, factory: values };
  },
  // The script divides it by the number of processes.
  gradient_accumulation_steps: (steps) => ({ factory: { gradient_accumulation_steps: steps } }),
  gradient_checkpointing: (on) => ({
    sft: { gradient_checkpointing: on },
    factory: { disable_gradient_checkpointing: !on },
  }),

  // `lr_scheduler_kwargs` says all that a type has for itself.
  lr_scheduler_type: (type, settings, { steps }) => {
    if (settings.optim === 'schedule_free_adamw') {
      // The optimiser warms up by itself there.
      const constant = { lr_scheduler_type: 'constant' };
      const isConstant = type === 'constant' || type === 'constant_with_warmup';
      return { sft: constant, factory: constant, ...(!isConstant && { unsaid: ['TRL', 'LLaMA-Factory'] }) };
    }
    const values = { lr_scheduler_type: type };
    const kwargs = schedulerArguments(settings, steps);
    if (Object.keys(kwargs).length === 0) return { sft: values, factory: values };
    return {
      sft: { ...values, lr_scheduler_kwargs: kwargs },
      // As JSON, because YAML 1.1 reads 1e-7 as a text.
      factory: { ...values, lr_scheduler_kwargs: JSON.stringify(kwargs) },
    };
  },
  num_cycles: () => ({}),
  min_lr_rate: () => ({}),
  power: () => ({}),
  lr_end: () => ({}),
  timescale: () => ({}),
  num_decay_steps: () => ({}),
  decay_type: () => ({}),
  min_lr_ratio: () => ({}),
  warmup_steps: (steps, settings, context) => {
    const { warmup_ratio, optim, lr_scheduler_type } = settings;
    if (optim === 'schedule_free_adamw') {
      // It takes whole steps only.
      const whole = lr_scheduler_type === 'constant' ? 0 : warmupStepsOf(settings, context.steps);
      return { sft: { warmup_steps: whole }, factory: { warmup_steps: whole } };
    }
    const isShare = steps < 1;
    const value = isShare ? (warmup_ratio ?? steps) : steps;
    // Before version 5, transformers knew a share only as `warmup_ratio`; LLaMA-Factory runs with both versions.
    const factory = isShare ? 'warmup_ratio' : 'warmup_steps';
    return { sft: { warmup_steps: value }, factory: { [factory]: value } };
  },
  warmup_ratio: () => ({}),

  optim: (optim): Words => {
    if (optim === 'muon') return { factory: { use_muon: true }, unsaid: ['TRL'] };
    return { sft: { optim }, factory: { optim } };
  },
  // LLaMA-Factory's Muon matches AdamW.
  muon_adjust_lr_fn: (how, { optim }) =>
    optim === 'muon' && how !== 'match_rms_adamw' ? { unsaid: ['LLaMA-Factory'] } : {},
  // The script makes the optimizer with it.
  loraplus_lr_ratio: (ratio) => (ratio === 1 ? {} : { factory: { loraplus_lr_ratio: ratio } }),
  loss_type: (type) => ({
    sft: { loss_type: type },
    ...(type === 'dft' && { factory: { use_dft_loss: true } }),
  }),
  layerwise_lr_decay: (decay) => (decay === 1 ? {} : { unsaid: ['TRL', 'LLaMA-Factory'] }),
  label_smoothing_factor: shared('label_smoothing_factor'),
  weight_decay: shared('weight_decay'),
  max_grad_norm: shared('max_grad_norm'),
  adam_beta1: shared('adam_beta1'),
  adam_beta2: shared('adam_beta2'),
  adam_epsilon: shared('adam_epsilon'),

  // LLaMA-Factory renders no conversations for its stage `pt`, and reads no texts for `sft`.
  objective: (objective, _, { texts }) => ({
    factory: { stage: texts ? 'pt' : 'sft' },
    ...(objective === 'pt' && !texts && { unsaid: ['LLaMA-Factory'] }),
  }),
  // The labels in the files of tokens say it to TRL.
  train_on: (which, _, { texts }) =>
    texts
      ? {}
      : {
          factory: {
            train_on_prompt: which === 'all',
            ...(which === 'last_response' && { mask_history: true }),
          },
        },
  template: (template, _, { texts }) => {
    if (texts) return {};
    // Without a name, LLaMA-Factory reads the template of the model's own tokenizer.
    if (template === 'model') return { factory: { template: null } };
    return { factory: { template: 'alpaca' }, unsaid: ['LLaMA-Factory'] };
  },
  // The examples have the texts in their places.
  placeholders: () => ({}),
  // The examples are written as they are mixed.
  sources: () => ({}),
  cleaning: () => ({}),
  dataset: () => ({}),
  eval_dataset: () => ({}),
  max_samples: () => ({}),
  mix_strategy: () => ({}),
  interleave_probs: () => ({}),
  // The script says it. LLaMA-Factory cuts texts off unless it packs them. Its neat packing keeps conversations apart.
  packing: (on, { objective }, { texts }) => ({
    factory: { packing: on, ...(on && !texts && { neat_packing: true }) },
    ...(!on && objective === 'pt' && { unsaid: ['LLaMA-Factory'] }),
  }),
  packing_strategy: (strategy, { packing, objective }, { texts }) => {
    if (!packing) return {};
    // In TRL's wrapped rows and in LLaMA-Factory's rows of texts, examples see one another.
    const unsaid: Trainer[] = [
      ...(strategy === 'wrapped' ? (['TRL'] as const) : []),
      ...(strategy !== 'bfd' || objective === 'pt' || texts ? (['LLaMA-Factory'] as const) : []),
    ];
    // Whole texts lose nothing here; TRL's 'bfd' would cut them off if it reads them anew.
    const told = strategy === 'bfd' && objective === 'pt' ? 'bfd_split' : strategy;
    return { sft: { packing_strategy: told }, unsaid };
  },
  // The examples are in two files.
  eval_split: () => ({}),
  neftune_noise_alpha: (alpha) =>
    alpha === null ? {} : { sft: { neftune_noise_alpha: alpha }, factory: { neftune_noise_alpha: alpha } },
  shuffle: (on) =>
    on ? {} : { sft: { train_sampling_strategy: 'sequential' }, factory: { disable_shuffling: true } },
  // The key of LLaMA-Factory's file would depend on its version of transformers.
  group_by_length: (on, { shuffle }) =>
    on && shuffle ? { sft: { train_sampling_strategy: 'group_by_length' }, unsaid: ['LLaMA-Factory'] } : {},
  seed: shared('seed'),

  logging_steps: shared('logging_steps'),
  eval_steps: (steps, _, { heldOut }) => {
    if (!heldOut || steps === 0) return {};
    const values = { eval_strategy: 'steps', eval_steps: steps };
    return { sft: values, factory: values };
  },
  sample_prompts: (prompts) =>
    typeof prompts !== 'string' && prompts.length > 0 ? { unsaid: ['TRL', 'LLaMA-Factory'] } : {},
  // Transformers writes the numbers of the other forms into trainer_state.json anyway.
  report_to: (names) => {
    const values = { report_to: names.includes('tensorboard') ? 'tensorboard' : 'none' };
    return { sft: values, factory: values };
  },
  save_steps: shared('save_steps'),
  save_total_limit: shared('save_total_limit'),
  // The Trainer loads the best of its checkpoints, so it must save each evaluation that is better than all before.
  load_best_model_at_end: (on, _, { heldOut }) => {
    if (!on || !heldOut) return {};
    const values = { load_best_model_at_end: true, save_strategy: 'best', ...BY_EVALUATION_LOSS };
    return { sft: values, factory: values };
  },
  // TRL is told by a callback in the script.
  early_stopping_patience: (patience, _, { heldOut }) =>
    patience === null || !heldOut
      ? {}
      : { sft: BY_EVALUATION_LOSS, factory: { early_stopping_steps: patience, ...BY_EVALUATION_LOSS } },
  early_stopping_threshold: (threshold, { early_stopping_patience: patience }) =>
    patience === null || threshold === 0 ? {} : { unsaid: ['LLaMA-Factory'] },
};

/** All settings as the trainers are told them. */
export interface AllWords {
  readonly sft: Values;
  readonly adapter: Values;
  readonly bits: Values;
  readonly factory: Values;
  /** The settings that a trainer has no word for. */
  readonly unsaid: Readonly<Record<Trainer, readonly SettingName[]>>;
}

export function wordsOf(settings: TrainSettings, context: WordsContext): AllWords {
  const told = SETTING_NAMES.map((name) => ({ name, words: wordsFor(name, settings, context) }));
  const merged = (part: 'sft' | 'adapter' | 'bits' | 'factory'): Values =>
    Object.assign({}, ...told.map(({ words }) => words[part])) as Values;
  const unsaidBy = (trainer: Trainer): readonly SettingName[] =>
    told.flatMap(({ name, words }) => (words.unsaid?.includes(trainer) ? name : []));
  return {
    sft: merged('sft'),
    adapter: merged('adapter'),
    bits: merged('bits'),
    factory: merged('factory'),
    unsaid: { TRL: unsaidBy('TRL'), 'LLaMA-Factory': unsaidBy('LLaMA-Factory') },
  };
}

function wordsFor(name: SettingName, settings: TrainSettings, context: WordsContext): Words {
  const words: (value: never, settings: TrainSettings, context: WordsContext) => Words = WORDS[name];
  return words(settings[name] as never, settings, context);
}
