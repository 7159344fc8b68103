import {
  choice,
  flag,
  modules,
  number,
  numbersByPattern,
  optional,
  texts,
  textsByName,
  whole,
  wholes,
  type TextPattern,
} from './kind';
import { setting, type Decision, type Values } from './setting';

type PissaWithRounds = `pissa_niter_${number}`;

const pissaWithRounds: TextPattern<PissaWithRounds> = {
  matches: (text): text is PissaWithRounds => /^pissa_niter_(0|[1-9]\d{0,2})$/.test(text),
  shown: 'pissa_niter_N',
  example: 'pissa_niter_16',
  help: 'PiSSA roughly, in so many rounds: sooner ready',
};

/** More would take too large a part of a run. */
export const MOST_SAMPLE_PROMPTS = 8;

/**
 * The one list of settings for training, loading and answers. Everything else is derived from it: the types, the
 * defaults, the parser, `--help`, the page's forms with their messages, the keys of caches, and what a resumed run may change.
 *
 * To add a setting: write one entry here, then read `settings.its_name` where it acts. Use the name, the meaning and the
 * default of Transformers, PEFT or TRL. The entry's kind (`kind.ts`) says what is allowed: `number({ above: 0, most: 1 })`,
 * `whole(1, 64)`, `flag()`, `choice({ value: 'help', … }, { aliases, pattern })`, `modules()`, `wholes(0, 999)`,
 * `numbersByPattern(…)`, `texts('examples', …)`; `optional(…, 'what none means')` adds null for "off". Say what it `decides`: 'data' if the examples'
 * tokens depend on it, 'memory' if bytes on the device do, 'load' if the base is loaded otherwise. Say `fixed: 'adapter'` if
 * it describes the adapter itself, and `fixed: 'run'` if a run that goes on must keep it; 'data' and 'load' are kept anyway.
 * The order within a group is the form's. A new group needs a title in `setting.ts`.
 */
export const SETTINGS = {
  load_in_4bit: setting(flag(), {
    default: true,
    group: 'load',
    decides: ['load', 'memory'],
    help: 'Quantise the base’s linear layers to NF4, as bitsandbytes does. Far less memory, hardly less able.',
  }),
  bnb_4bit_use_double_quant: setting(flag(), {
    default: true,
    group: 'load',
    decides: ['load', 'memory'],
    needs: { setting: 'load_in_4bit', not: false },
    help: 'Quantise the scales of those 4-bit layers to 8 bits as well.',
  }),
  dtype: setting(
    choice({ auto: 'as the checkpoint stores it', float16: 'half precision', float32: 'single precision' }),
    {
      default: 'auto',
      group: 'load',
      decides: ['load', 'memory'],
      help: 'The type of the weights that are not in 4 bits.',
    },
  ),

  num_train_epochs: setting(number({ above: 0, most: 10_000 }), {
    default: 3,
    group: 'main',
    help: 'How often it sees every example; may be a fraction.',
  }),
  learning_rate: setting(number({ above: 0, most: 1 }), {
    default: 2e-4,
    group: 'main',
    help: 'How big each correction is, at its highest.',
  }),
  r: setting(whole(1, 1024), {
    default: 16,
    group: 'main',
    decides: ['memory'],
    fixed: 'adapter',
    help: 'Rank: the size of the adapter.',
  }),
  max_seq_length: setting(whole(8, 1_048_576), {
    default: 1024,
    group: 'main',
    decides: ['data', 'memory'],
    help: 'Tokens after which an example is cut.',
  }),

  lora_alpha: setting(number({ above: 0, most: 65_536 }), {
    default: 32,
    group: 'adapter',
    fixed: 'adapter',
    help: 'How strongly the adapter acts: its output is scaled by lora_alpha / r.',
  }),
  lora_dropout: setting(number({ from: 0, below: 1 }), {
    default: 0,
    group: 'adapter',
    fixed: 'run',
    help: 'Share of the adapter’s inputs silenced at random, against learning by heart.',
  }),
  use_rslora: setting(flag(), {
    default: false,
    group: 'adapter',
    fixed: 'adapter',
    help: 'Scale by lora_alpha / √r instead, which suits high ranks.',
  }),
  use_dora: setting(flag(), {
    default: false,
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    help: 'DoRA: train a magnitude for each output as well. Closer to full training, a little slower.',
  }),
  init_lora_weights: setting(
    choice(
      { true: 'at random, so that it changes nothing', pissa: 'PiSSA, from all of the singular values' },
      { pattern: pissaWithRounds },
    ),
    {
      default: true,
      group: 'adapter',
      decides: ['memory'],
      fixed: 'adapter',
      help: 'How it begins. PiSSA starts from the weights’ principal parts and learns faster; it needs a model published unquantised, and is saved as plain LoRA of rank 2 r.',
    },
  ),
  rank_pattern: setting(numbersByPattern(whole(1, 1024)), {
    default: {},
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    help: 'Other ranks for some modules, by name or regular expression: q_proj=8,v_proj=4.',
  }),
  alpha_pattern: setting(numbersByPattern(number({ above: 0, most: 65_536 })), {
    default: {},
    group: 'adapter',
    fixed: 'adapter',
    help: 'Other values of lora_alpha for some modules, in the same way.',
  }),
  layers_to_transform: setting(optional(wholes(0, 999), 'all layers'), {
    default: null,
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    help: 'The layers that get an adapter, counted from 0; all of them unless given.',
  }),
  target_modules: setting(modules(), {
    default: 'all-linear',
    group: 'adapter',
    decides: ['memory'],
    fixed: 'adapter',
    help: 'The layers that get an adapter. All of them learns best.',
  }),

  max_steps: setting(whole(1, 10_000_000, { value: -1, meaning: 'as many as the epochs have' }), {
    default: -1,
    group: 'batches',
    help: 'Stop after this many steps, whatever num_train_epochs says; -1 goes by epochs.',
  }),
  per_device_train_batch_size: setting(whole(1, 1024), {
    default: 4,
    group: 'batches',
    decides: ['memory'],
    fixed: 'run',
    help: 'Examples computed at once. More is steadier and needs more memory.',
  }),
  gradient_accumulation_steps: setting(whole(1, 4096), {
    default: 2,
    group: 'batches',
    decides: ['memory'],
    fixed: 'run',
    help: 'Batches gathered before each correction: a bigger batch without the memory.',
  }),
  gradient_checkpointing: setting(flag(), {
    default: false,
    group: 'batches',
    decides: ['memory'],
    help: 'Compute activations twice instead of keeping them: less memory, a third more time.',
  }),

  lr_scheduler_type: setting(
    choice({
      linear: 'down to zero evenly',
      cosine: 'down to zero in a curve',
      constant: 'stays as it is, without warm-up',
      constant_with_warmup: 'rises, then stays',
    }),
    {
      default: 'linear',
      group: 'rate',
      help: 'How the learning rate changes along the run.',
    },
  ),
  warmup_steps: setting(number({ from: 0, most: 10_000_000, wholeFrom: 1 }), {
    default: 0.05,
    group: 'rate',
    needs: { setting: 'lr_scheduler_type', not: 'constant' },
    help: 'Steps in which the learning rate rises from zero; below 1, a share of the whole run; 0 for none.',
  }),
  warmup_ratio: setting(optional(number({ from: 0, most: 1 }), 'what warmup_steps says'), {
    default: null,
    group: 'rate',
    needs: { setting: 'lr_scheduler_type', not: 'constant' },
    help: 'The older name of such a share; counts unless warmup_steps is 1 or more.',
  }),

  optim: setting(
    choice(
      {
        adamw_torch: 'two moments in single precision',
        adamw_8bit: 'moments in 8 bits: a quarter of their memory; paged_adamw_8bit means the same here',
      },
      {
        aliases: {
          adamw_torch_fused: 'adamw_torch',
          adamw_bnb_8bit: 'adamw_8bit',
          paged_adamw_8bit: 'adamw_8bit',
        },
      },
    ),
    {
      default: 'adamw_torch',
      group: 'optimizer',
      decides: ['memory'],
      fixed: 'run',
      help: 'What turns gradients into corrections.',
    },
  ),
  loraplus_lr_ratio: setting(number({ above: 0, most: 10_000 }), {
    default: 1,
    group: 'optimizer',
    decides: ['memory'],
    help: 'LoRA+: how many times faster the adapter’s B learns than its A. 16 with a smaller learning_rate is usual; 1: as fast.',
  }),
  label_smoothing_factor: setting(number({ from: 0, below: 1 }), {
    default: 0,
    group: 'optimizer',
    decides: ['memory'],
    help: 'Share of each target that is spread over the whole vocabulary, against being too sure; 0 is usual.',
  }),
  weight_decay: setting(number({ from: 0, most: 1 }), {
    default: 0,
    group: 'optimizer',
    help: 'Pulls the adapter’s weights towards zero a little at every step.',
  }),
  max_grad_norm: setting(number({ from: 0, most: 1e6 }), {
    default: 1,
    group: 'optimizer',
    help: 'Longer gradients are shortened to this length; 0 leaves them as they are.',
  }),
  adam_beta1: setting(number({ from: 0, below: 1 }), {
    default: 0.9,
    group: 'optimizer',
    help: 'Memory of the average gradient.',
  }),
  adam_beta2: setting(number({ from: 0, below: 1 }), {
    default: 0.999,
    group: 'optimizer',
    help: 'Memory of the average squared gradient.',
  }),
  adam_epsilon: setting(number({ above: 0, most: 1 }), {
    default: 1e-8,
    group: 'optimizer',
    help: 'Keeps divisions away from zero.',
  }),

  objective: setting(choice({ sft: 'supervised fine-tuning: to write what the examples have' }), {
    default: 'sft',
    group: 'data',
    decides: ['data', 'memory'],
    fixed: 'run',
    help: 'What it learns from the examples.',
  }),
  train_on: setting(choice({ responses: 'only the answers', all: 'questions too' }), {
    default: 'responses',
    group: 'data',
    decides: ['data'],
    help: 'The tokens that count for the loss.',
  }),
  template: setting(
    choice({
      model: 'the model’s own chat template; the Alpaca prompt if it has none',
      alpaca: 'the Alpaca prompt',
    }),
    {
      default: 'model',
      group: 'data',
      decides: ['data'],
      help: 'How an example becomes text.',
    },
  ),
  placeholders: setting(textsByName(), {
    default: {},
    group: 'data',
    decides: ['data'],
    help: 'What to write for {{name}} and the like that stand in the examples: name=Ada,author=Acme.',
  }),
  eval_split: setting(number({ from: 0, most: 0.5 }), {
    default: 0.1,
    group: 'data',
    decides: ['data'],
    help: 'Share of the examples held out to test on, never trained on.',
  }),
  neftune_noise_alpha: setting(optional(number({ above: 0, most: 1000 }), 'no noise'), {
    default: null,
    group: 'data',
    decides: ['memory'],
    help: 'NEFTune: noise on the examples’ embeddings in training, against learning by heart. 5 is usual.',
  }),
  shuffle: setting(flag(), {
    default: true,
    group: 'data',
    fixed: 'run',
    help: 'Mix the examples anew in every epoch.',
  }),
  seed: setting(whole(0, 2 ** 32 - 1), {
    default: 42,
    group: 'data',
    decides: ['data'],
    fixed: 'run',
    help: 'Of every random number: the same seed gives the same adapter again.',
  }),

  logging_steps: setting(whole(1, 1_000_000), {
    default: 1,
    group: 'watching',
    help: 'Report the loss after every such number of steps.',
  }),
  eval_steps: setting(whole(0, 10_000_000), {
    default: 20,
    group: 'watching',
    needs: { setting: 'eval_split', not: 0 },
    help: 'Test on the held-out examples after every such number of steps; 0 never does.',
  }),
  sample_prompts: setting(texts('examples', { most: MOST_SAMPLE_PROMPTS, longest: 2000 }), {
    default: 'examples',
    group: 'watching',
    help: 'Prompts that are answered before the first step, along the run and after the last: examples takes up to three of your examples’, none asks nothing.',
  }),
  save_steps: setting(whole(1, 10_000_000), {
    default: 50,
    group: 'watching',
    help: 'Save a checkpoint after every such number of steps.',
  }),
  save_total_limit: setting(whole(1, 1000), {
    default: 2,
    group: 'watching',
    help: 'Checkpoints that are kept; older ones are removed.',
  }),
};

/**
 * How an answer is sampled. Cool by default: a small model then answers a question rather than wanders. A model's
 * generation_config.json may recommend other values to begin with.
 */
export const ANSWER_SETTINGS = {
  temperature: setting(number({ from: 0, most: 100 }), {
    default: 0.3,
    group: 'answers',
    help: 'Freedom of choice; 0 always takes the likeliest token.',
  }),
  top_p: setting(number({ above: 0, most: 1 }), {
    default: 0.95,
    group: 'answers',
    help: 'Only the likeliest tokens that together have this probability.',
  }),
  top_k: setting(whole(0, 1_000_000), {
    default: 40,
    group: 'answers',
    help: 'Only this many of the likeliest tokens; 0 for all.',
  }),
  repetition_penalty: setting(number({ above: 0, most: 10 }), {
    default: 1,
    group: 'answers',
    help: 'Above 1, tokens that were said before become less likely.',
  }),
  max_new_tokens: setting(whole(1, 1_000_000), {
    default: 200,
    group: 'answers',
    help: 'The most tokens that an answer has.',
  }),
  seed: setting(whole(0, 2 ** 32 - 1), {
    default: 42,
    group: 'answers',
    help: 'The same seed gives the same answer again.',
  }),
};

type Entries = typeof SETTINGS;

/** All that a person can set for a run, by the names and with the meaning that Transformers and PEFT give them. */
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
/** What the examples' tokens depend on. */
export type DataSettings = Pick<TrainSettings, Deciding<'data'>>;
