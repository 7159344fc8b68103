import { cleaning } from './cleaning';
import { modules, names, numbers, numbersByPattern, texts, textsByName, wholes } from './collection_kinds';
import { choice, flag, number, optional, whole, type TextPattern } from './kind';
import { message } from '../messages/message';
import { reports } from './reports';
import { setting, type Decision, type Values } from './setting';
import { sources } from './sources';

type PissaWithRounds = `pissa_niter_${number}`;

const pissaWithRounds: TextPattern<PissaWithRounds> = {
  matches: (text): text is PissaWithRounds => /^pissa_niter_(0|[1-9]\d{0,2})$/.test(text),
  shown: 'pissa_niter_N',
  example: 'pissa_niter_16',
};

/** More prompts would take too large a share of a run's time. */
export const MOST_SAMPLE_PROMPTS = 8;

/**
 * The one list of settings for training, loading and answers. Everything else is derived from it: the types, the
 * defaults, the parser, `--help`, the page's forms with their messages, the keys of caches, and which settings a
 * continued run may change.
 *
 * To add a setting: write one entry here and its help in `setting_help.ts` of each language (`core/messages`), then
 * read `settings.its_name` where it acts. Use the name, the meaning and the default of Transformers, PEFT or TRL.
 * The entry's kind (`kind.ts`, `collection_kinds.ts`) says what is allowed: `number({ above: 0, most: 1 })`,
 * `whole(1, 64)`, `flag()`, `choice(['value', …], { aliases, pattern })`, `modules()`, `wholes(0, 999)`, `names()`,
 * `numbersByPattern(…)`, `texts('examples', …)`; `optional(…, message('what_none_means'))` adds null for "off". Say
 * what it `decides`: 'data' if the examples' tokens depend on it, 'memory' if bytes on the device do, 'load' if the
 * base is loaded differently. Say `fixed: 'adapter'` if it describes the adapter itself, and `fixed: 'run'` if a
 * continued run must keep it; 'data' and 'load' are kept anyway. Older runs are continued with the default of a new
 * setting that decides 'data' (`dataKey`), so this default must mean "as before" and must stay. The order within a
 * group is the form's. A new group needs a place in `setting.ts` and a title in `settings.ts` of each language.
 */
export const SETTINGS = {
  load_in_4bit: setting(flag(), {
    default: true,
    group: 'load',
    decides: ['load', 'memory'],
  }),
  bnb_4bit_use_double_quant: setting(flag(), {
    default: true,
    group: 'load',
    decides: ['load', 'memory'],
    needs: { setting: 'load_in_4bit', not: false },
  }),
  dtype: setting(choice(['auto', 'float16', 'float32']), {
    default: 'auto',
    group: 'load',
    decides: ['load', 'memory'],
  }),

  num_train_epochs: setting(number({ above: 0, most: 10_000 }), {
    default: 3,
    group: 'main',
  }),
  learning_rate: setting(number({ above: 0, most: 1 }), {
    default: 2e-4,
    group: 'main',
  }),
  r: setting(whole(1, 1024), {
    default: 16,
    group: 'main',
    decides: ['memory'],
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'lora' },
  }),
  max_seq_length: setting(whole(8, 1_048_576), {
    default: 1024,
    group: 'main',
    decides: ['data', 'memory'],
  }),

  finetuning_type: setting(choice(['lora', 'oft', 'ia3', 'full', 'freeze']), {
    default: 'lora',
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
  }),
  freeze_trainable_layers: setting(whole(-999, 999), {
    default: 2,
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'freeze' },
  }),
  freeze_trainable_modules: setting(names(), {
    default: ['all'],
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'freeze' },
  }),
  freeze_extra_modules: setting(names(), {
    default: [],
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'freeze' },
  }),
  oft_block_size: setting(whole(2, 256), {
    default: 32,
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'oft' },
  }),
  use_cayley_neumann: setting(flag(), {
    default: true,
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'oft' },
  }),
  num_cayley_neumann_terms: setting(whole(2, 16), {
    default: 5,
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'oft' },
  }),
  feedforward_modules: setting(names(), {
    default: ['down_proj'],
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'ia3' },
  }),
  lora_alpha: setting(number({ above: 0, most: 65_536 }), {
    default: 32,
    group: 'adapter',
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'lora' },
  }),
  lora_dropout: setting(number({ from: 0, below: 1 }), {
    default: 0,
    group: 'adapter',
    fixed: 'run',
    needs: { setting: 'finetuning_type', is: 'lora' },
  }),
  use_rslora: setting(flag(), {
    default: false,
    group: 'adapter',
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'lora' },
  }),
  use_dora: setting(flag(), {
    default: false,
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'lora' },
  }),
  init_lora_weights: setting(choice(['true', 'pissa', 'loftq'], { pattern: pissaWithRounds }), {
    default: true,
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'lora' },
  }),
  rank_pattern: setting(numbersByPattern(whole(1, 1024)), {
    default: {},
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'lora' },
  }),
  alpha_pattern: setting(numbersByPattern(number({ above: 0, most: 65_536 })), {
    default: {},
    group: 'adapter',
    fixed: 'adapter',
    needs: { setting: 'finetuning_type', is: 'lora' },
  }),
  layers_to_transform: setting(optional(wholes(0, 999), message('setting_all_layers')), {
    default: null,
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
  }),
  target_modules: setting(modules(), {
    default: 'all-linear',
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
  }),

  max_steps: setting(whole(1, 10_000_000, { value: -1, meaning: message('setting_steps_of_epochs') }), {
    default: -1,
    group: 'batches',
  }),
  per_device_train_batch_size: setting(whole(1, 1024), {
    default: 4,
    group: 'batches',
    decides: ['memory'],
    fixed: 'run',
  }),
  gradient_accumulation_steps: setting(whole(1, 4096), {
    default: 2,
    group: 'batches',
    decides: ['memory'],
    fixed: 'run',
  }),
  gradient_checkpointing: setting(flag(), {
    default: false,
    group: 'batches',
    decides: ['memory'],
  }),

  lr_scheduler_type: setting(
    choice([
      'linear',
      'cosine',
      'constant',
      'constant_with_warmup',
      'cosine_with_restarts',
      'cosine_with_min_lr',
      'polynomial',
      'inverse_sqrt',
      'warmup_stable_decay',
    ]),
    {
      default: 'linear',
      group: 'rate',
    },
  ),
  warmup_steps: setting(number({ from: 0, most: 10_000_000, wholeFrom: 1 }), {
    default: 0.05,
    group: 'rate',
    needs: { setting: 'lr_scheduler_type', not: 'constant' },
  }),
  warmup_ratio: setting(optional(number({ from: 0, most: 1 }), message('setting_warmup_steps')), {
    default: null,
    group: 'rate',
    needs: { setting: 'lr_scheduler_type', not: 'constant' },
  }),
  num_cycles: setting(whole(1, 1000), {
    default: 1,
    group: 'rate',
    needs: { setting: 'lr_scheduler_type', is: 'cosine_with_restarts' },
  }),
  min_lr_rate: setting(number({ from: 0, most: 1 }), {
    default: 0.1,
    group: 'rate',
    needs: { setting: 'lr_scheduler_type', is: 'cosine_with_min_lr' },
  }),
  power: setting(number({ above: 0, most: 100 }), {
    default: 1,
    group: 'rate',
    needs: { setting: 'lr_scheduler_type', is: 'polynomial' },
  }),
  lr_end: setting(number({ from: 0, most: 1 }), {
    default: 1e-7,
    group: 'rate',
    needs: { setting: 'lr_scheduler_type', is: 'polynomial' },
  }),
  timescale: setting(optional(whole(1, 10_000_000), message('setting_timescale')), {
    default: null,
    group: 'rate',
    needs: { setting: 'lr_scheduler_type', is: 'inverse_sqrt' },
  }),
  num_decay_steps: setting(number({ above: 0, most: 10_000_000, wholeFrom: 1 }), {
    default: 0.1,
    group: 'rate',
    needs: { setting: 'lr_scheduler_type', is: 'warmup_stable_decay' },
  }),
  decay_type: setting(choice(['cosine', 'linear', '1-sqrt']), {
    default: 'cosine',
    group: 'rate',
    needs: { setting: 'lr_scheduler_type', is: 'warmup_stable_decay' },
  }),
  min_lr_ratio: setting(number({ from: 0, most: 1 }), {
    default: 0,
    group: 'rate',
    needs: { setting: 'lr_scheduler_type', is: 'warmup_stable_decay' },
  }),

  optim: setting(
    choice(
      ['adamw_torch', 'adamw_8bit', 'lion_32bit', 'lion_8bit', 'adafactor', 'muon', 'schedule_free_adamw'],
      {
        aliases: {
          adamw_torch_fused: 'adamw_torch',
          adamw_bnb_8bit: 'adamw_8bit',
          paged_adamw_8bit: 'adamw_8bit',
          paged_adamw_32bit: 'adamw_torch',
          paged_lion_32bit: 'lion_32bit',
          paged_lion_8bit: 'lion_8bit',
        },
      },
    ),
    {
      default: 'adamw_torch',
      group: 'optimizer',
      decides: ['memory'],
      fixed: 'run',
    },
  ),
  muon_adjust_lr_fn: setting(choice(['match_rms_adamw', 'original']), {
    default: 'match_rms_adamw',
    group: 'optimizer',
    fixed: 'run',
    needs: { setting: 'optim', is: 'muon' },
  }),
  loraplus_lr_ratio: setting(number({ above: 0, most: 10_000 }), {
    default: 1,
    group: 'optimizer',
    decides: ['memory'],
  }),
  loss_type: setting(choice(['nll', 'dft']), {
    default: 'nll',
    group: 'optimizer',
    decides: ['memory'],
  }),
  layerwise_lr_decay: setting(number({ above: 0, most: 1 }), {
    default: 1,
    group: 'optimizer',
    decides: ['memory'],
  }),
  label_smoothing_factor: setting(number({ from: 0, below: 1 }), {
    default: 0,
    group: 'optimizer',
    decides: ['memory'],
    needs: { setting: 'loss_type', not: 'dft' },
  }),
  weight_decay: setting(number({ from: 0, most: 1 }), {
    default: 0,
    group: 'optimizer',
  }),
  max_grad_norm: setting(number({ from: 0, most: 1e6 }), {
    default: 1,
    group: 'optimizer',
  }),
  adam_beta1: setting(number({ from: 0, below: 1 }), {
    default: 0.9,
    group: 'optimizer',
  }),
  adam_beta2: setting(number({ from: 0, below: 1 }), {
    default: 0.999,
    group: 'optimizer',
  }),
  adam_epsilon: setting(number({ above: 0, most: 1 }), {
    default: 1e-8,
    group: 'optimizer',
  }),

  objective: setting(choice(['sft', 'pt']), {
    default: 'sft',
    group: 'data',
    decides: ['data', 'memory'],
    fixed: 'run',
  }),
  train_on: setting(choice(['responses', 'last_response', 'all']), {
    default: 'responses',
    group: 'data',
    decides: ['data'],
    needs: { setting: 'objective', not: 'pt' },
  }),
  template: setting(choice(['model', 'alpaca']), {
    default: 'model',
    group: 'data',
    decides: ['data'],
  }),
  placeholders: setting(textsByName(), {
    default: {},
    group: 'data',
    decides: ['data'],
  }),
  sources: setting(sources(), {
    default: {},
    group: 'data',
    decides: ['data'],
  }),
  cleaning: setting(cleaning(), {
    default: 'none',
    group: 'data',
    decides: ['data'],
  }),
  dataset: setting(names(), {
    default: [],
    group: 'data',
    decides: ['data'],
  }),
  eval_dataset: setting(names(), {
    default: [],
    group: 'data',
    decides: ['data'],
  }),
  max_samples: setting(optional(whole(1, 1_000_000_000), message('setting_all_samples')), {
    default: null,
    group: 'data',
    decides: ['data'],
  }),
  mix_strategy: setting(choice(['concat', 'interleave_under', 'interleave_over']), {
    default: 'concat',
    group: 'data',
    decides: ['data'],
  }),
  interleave_probs: setting(numbers(number({ above: 0, most: 1 })), {
    default: [],
    group: 'data',
    decides: ['data'],
    needs: { setting: 'mix_strategy', not: 'concat' },
  }),
  packing: setting(flag(), {
    default: false,
    group: 'data',
    decides: ['data'],
  }),
  packing_strategy: setting(choice(['bfd', 'bfd_split', 'wrapped']), {
    default: 'bfd',
    group: 'data',
    decides: ['data'],
    needs: { setting: 'packing', not: false },
  }),
  eval_split: setting(number({ from: 0, most: 0.5 }), {
    default: 0.1,
    group: 'data',
    decides: ['data'],
  }),
  neftune_noise_alpha: setting(optional(number({ above: 0, most: 1000 }), message('setting_no_noise')), {
    default: null,
    group: 'data',
    decides: ['memory'],
  }),
  shuffle: setting(flag(), {
    default: true,
    group: 'data',
    fixed: 'run',
  }),
  group_by_length: setting(flag(), {
    default: false,
    group: 'data',
    fixed: 'run',
    needs: { setting: 'shuffle', not: false },
  }),
  seed: setting(whole(0, 2 ** 32 - 1), {
    default: 42,
    group: 'data',
    decides: ['data'],
    fixed: 'run',
  }),

  logging_steps: setting(whole(1, 1_000_000), {
    default: 1,
    group: 'watching',
  }),
  eval_steps: setting(whole(0, 10_000_000), {
    default: 20,
    group: 'watching',
    needs: { setting: 'eval_split', not: 0 },
  }),
  sample_prompts: setting(texts('examples', { most: MOST_SAMPLE_PROMPTS, longest: 2000 }), {
    default: 'examples',
    group: 'watching',
  }),
  report_to: setting(reports(), {
    default: [],
    group: 'watching',
  }),
  save_steps: setting(whole(1, 10_000_000), {
    default: 50,
    group: 'watching',
  }),
  save_total_limit: setting(whole(1, 1000), {
    default: 2,
    group: 'watching',
  }),
  load_best_model_at_end: setting(flag(), {
    default: false,
    group: 'watching',
  }),
  early_stopping_patience: setting(optional(whole(1, 10_000), message('setting_never_early')), {
    default: null,
    group: 'watching',
  }),
  early_stopping_threshold: setting(number({ from: 0, most: 1000 }), {
    default: 0,
    group: 'watching',
  }),
};

/**
 * The key of a file of settings that holds those of answers. They are nested because one of them has the name of a
 * training setting.
 */
export const ANSWERS = 'answers';

/**
 * How an answer is sampled. The default temperature is low, because small models lose the thread at higher ones. A
 * model's generation_config.json may recommend other values to begin with.
 */
export const ANSWER_SETTINGS = {
  temperature: setting(number({ from: 0, most: 100 }), {
    default: 0.3,
    group: 'answers',
  }),
  top_p: setting(number({ above: 0, most: 1 }), {
    default: 0.95,
    group: 'answers',
  }),
  top_k: setting(whole(0, 1_000_000), {
    default: 40,
    group: 'answers',
  }),
  repetition_penalty: setting(number({ above: 0, most: 10 }), {
    default: 1,
    group: 'answers',
  }),
  max_new_tokens: setting(whole(1, 1_000_000), {
    default: 200,
    group: 'answers',
  }),
  seed: setting(whole(0, 2 ** 32 - 1), {
    default: 42,
    group: 'answers',
  }),
};

type Entries = typeof SETTINGS;

/** The settings of a run, with the names and meanings that Transformers and PEFT give them. */
export type TrainSettings = Values<Entries>;
export type SettingName = keyof Entries;
export type SettingValue = TrainSettings[SettingName];

export type AnswerSettings = Values<typeof ANSWER_SETTINGS>;
export type AnswerSettingName = keyof AnswerSettings;

type Deciding<What extends Decision> = {
  [Name in SettingName]: What extends Entries[Name]['decides'][number] ? Name : never;
}[SettingName];

type Describing = {
  [Name in SettingName]: 'adapter' extends Entries[Name]['fixed'] ? Name : never;
}[SettingName];

/** The settings that describe an adapter, and the dropout of its training. */
export type AdapterSettings = Pick<TrainSettings, Describing | 'lora_dropout'>;
/** How the base is loaded. */
export type LoadSettings = Pick<TrainSettings, Deciding<'load'>>;
/** The settings that the examples' tokens depend on. */
export type DataSettings = Pick<TrainSettings, Deciding<'data'>>;
