import type { AnswerSettingName, SettingName } from '../../settings/table';
import type { SettingHelp } from '../entry';

/** The help of the settings for loading and training. */
export const settingHelp = {
  load_in_4bit:
    'Quantise the base’s linear layers to NF4, as bitsandbytes does. Far less memory, hardly less able.',
  bnb_4bit_use_double_quant: 'Quantise the scales of those 4-bit layers to 8 bits as well.',
  dtype: {
    help: 'The type of the weights that are not in 4 bits.',
    options: { auto: 'as the checkpoint stores it', float16: 'half precision', float32: 'single precision' },
  },
  num_train_epochs: 'How often it sees every example; may be a fraction.',
  learning_rate: 'How big each correction is, at its highest.',
  r: 'Rank: the size of the adapter.',
  max_seq_length: 'Tokens after which an example is cut.',
  lora_alpha: 'How strongly the adapter acts: its output is scaled by lora_alpha / r.',
  lora_dropout: 'Share of the adapter’s inputs silenced at random, against learning by heart.',
  use_rslora: 'Scale by lora_alpha / √r instead, which suits high ranks.',
  use_dora: 'DoRA: train a magnitude for each output as well. Closer to full training, a little slower.',
  init_lora_weights: {
    help: 'How it begins. PiSSA starts from the weights’ principal parts and learns faster; it needs a model published unquantised, and is saved as plain LoRA of rank 2 r.',
    options: {
      true: 'at random, so that it changes nothing',
      pissa: 'PiSSA, from all of the singular values',
      pissa_niter_16: 'PiSSA roughly, in so many rounds: sooner ready',
    },
  },
  rank_pattern: 'Other ranks for some modules, by name or regular expression: q_proj=8,v_proj=4.',
  alpha_pattern: 'Other values of lora_alpha for some modules, in the same way.',
  layers_to_transform: 'The layers that get an adapter, counted from 0; all of them unless given.',
  target_modules: 'The layers that get an adapter. All of them learns best.',
  max_steps: 'Stop after this many steps, whatever num_train_epochs says; -1 goes by epochs.',
  per_device_train_batch_size: 'Examples computed at once. More is steadier and needs more memory.',
  gradient_accumulation_steps: 'Batches gathered before each correction: a bigger batch without the memory.',
  gradient_checkpointing:
    'Compute activations twice instead of keeping them: less memory, a third more time.',
  lr_scheduler_type: {
    help: 'How the learning rate changes along the run.',
    options: {
      linear: 'down to zero evenly',
      cosine: 'down to zero in a curve',
      constant: 'stays as it is, without warm-up',
      constant_with_warmup: 'rises, then stays',
    },
  },
  warmup_steps:
    'Steps in which the learning rate rises from zero; below 1, a share of the whole run; 0 for none.',
  warmup_ratio: 'The older name of such a share; counts unless warmup_steps is 1 or more.',
  optim: {
    help: 'What turns gradients into corrections.',
    options: {
      adamw_torch: 'two moments in single precision',
      adamw_8bit: 'moments in 8 bits: a quarter of their memory; paged_adamw_8bit means the same here',
    },
  },
  loraplus_lr_ratio:
    'LoRA+: how many times faster the adapter’s B learns than its A. 16 with a smaller learning_rate is usual; 1: as fast.',
  label_smoothing_factor:
    'Share of each target that is spread over the whole vocabulary, against being too sure; 0 is usual.',
  weight_decay: 'Pulls the adapter’s weights towards zero a little at every step.',
  max_grad_norm: 'Longer gradients are shortened to this length; 0 leaves them as they are.',
  adam_beta1: 'Memory of the average gradient.',
  adam_beta2: 'Memory of the average squared gradient.',
  adam_epsilon: 'Keeps divisions away from zero.',
  objective: {
    help: 'What it learns from the examples.',
    options: { sft: 'supervised fine-tuning: to write what the examples have' },
  },
  train_on: {
    help: 'The tokens that count for the loss.',
    options: { responses: 'only the answers', all: 'questions too' },
  },
  template: {
    help: 'How an example becomes text.',
    options: {
      model: 'the model’s own chat template; the Alpaca prompt if it has none',
      alpaca: 'the Alpaca prompt',
    },
  },
  placeholders: 'What to write for {{name}} and the like that stand in the examples: name=Ada,author=Acme.',
  eval_split: 'Share of the examples held out to test on, never trained on.',
  neftune_noise_alpha:
    'NEFTune: noise on the examples’ embeddings in training, against learning by heart. 5 is usual.',
  shuffle: 'Mix the examples anew in every epoch.',
  seed: 'Of every random number: the same seed gives the same adapter again.',
  logging_steps: 'Report the loss after every such number of steps.',
  eval_steps: 'Test on the held-out examples after every such number of steps; 0 never does.',
  sample_prompts:
    'Prompts that are answered before the first step, along the run and after the last: examples takes up to three of your examples’, none asks nothing.',
  save_steps: 'Save a checkpoint after every such number of steps.',
  save_total_limit: 'Checkpoints that are kept; older ones are removed.',
} satisfies Readonly<Record<SettingName, string | SettingHelp>>;

/** The help of the settings of an answer. */
export const answerHelp = {
  temperature: 'Freedom of choice; 0 always takes the likeliest token.',
  top_p: 'Only the likeliest tokens that together have this probability.',
  top_k: 'Only this many of the likeliest tokens; 0 for all.',
  repetition_penalty: 'Above 1, tokens that were said before become less likely.',
  max_new_tokens: 'The most tokens that an answer has.',
  seed: 'The same seed gives the same answer again.',
} satisfies Readonly<Record<AnswerSettingName, string | SettingHelp>>;
