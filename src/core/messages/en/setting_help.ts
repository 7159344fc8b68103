import type { AnswerSettingName, SettingName } from '../../settings/table';
import type { MixSettingName } from '../../settings/mixing';
import type { SettingHelp } from '../entry';

/** The help of the settings for loading and training. */
export const settingHelp = {
  load_in_4bit:
    'Quantise the base model’s linear layers to NF4, as bitsandbytes does: far less memory, almost the same quality.',
  bnb_4bit_use_double_quant: 'Quantise the scales of those 4-bit layers to 8 bits as well.',
  dtype: {
    help: 'The type of the weights that are not in 4 bits.',
    options: { auto: 'as the checkpoint stores it', float16: 'half precision', float32: 'single precision' },
  },
  num_train_epochs: 'Times that training goes through all examples; may be a fraction.',
  learning_rate: 'The size of each update, at its highest.',
  r: 'Rank: the size of the adapter.',
  max_seq_length: 'The greatest length of an example in tokens; the rest is cut off.',
  lora_alpha: 'How strongly the adapter acts: its output is scaled by lora_alpha / r.',
  lora_dropout: 'Share of the adapter’s inputs set to zero at random, against overfitting.',
  use_rslora: 'Scale by lora_alpha / √r instead, which suits high ranks.',
  finetuning_type: {
    help: 'What is trained.',
    options: {
      lora: 'LoRA: a small pair of matrices beside each linear layer',
      oft: 'OFT: rotates the inputs of each linear layer, block by block; keeps their lengths, so it forgets less',
      ia3: 'IA³: one factor for each output or input; by far the fewest parameters, for small changes',
      full: 'all weights of the model: for small models; it takes a low rate, such as 2e-5, and most memory',
      freeze: 'all weights of some blocks, usually the last ones: between LoRA and full in memory',
    },
  },
  freeze_trainable_layers: 'The number of blocks to train: 2 for the last two, -2 for the first two.',
  freeze_trainable_modules: 'The modules of these blocks to train, by name: self_attn, mlp; or all.',
  freeze_extra_modules: 'Modules outside the blocks to train as well: embed_tokens, norm, lm_head.',
  oft_block_size:
    'How many inputs turn together. Larger blocks can change more, and have more parameters. Where it does not divide a layer’s inputs, the nearest divisor counts.',
  use_cayley_neumann:
    'Compute the rotations as a short series, which is fast, and close to a rotation while the change is small. Without it they are exact.',
  num_cayley_neumann_terms: 'Terms of that series. More of them come closer to an exact rotation.',
  feedforward_modules: 'The modules whose inputs get the factors; the others’ outputs do.',
  use_dora: 'DoRA: train a magnitude for each output as well. Closer to full training, a little slower.',
  init_lora_weights: {
    help: 'How the adapter starts. PiSSA starts from the principal parts of the weights and learns faster; it needs an unquantised model, and is saved as plain LoRA of rank 2 r.',
    options: {
      true: 'random, so that it changes nothing at first',
      pissa: 'PiSSA from the exact singular values',
      loftq: 'LoftQ: makes up for the error of a base in 4 bits from the first step on',
      pissa_niter_16: 'PiSSA from an approximation in that many iterations; ready sooner',
    },
  },
  rank_pattern: 'Other ranks for some modules, by name or regular expression: q_proj=8,v_proj=4.',
  alpha_pattern: 'Other values of lora_alpha for some modules, in the same way.',
  layers_to_transform: 'The layers that get an adapter, counted from 0; all of them unless given.',
  target_modules: 'The linear layers that get an adapter. An adapter on all of them learns best.',
  max_steps: 'Stop after this many steps, whatever num_train_epochs says; -1 uses num_train_epochs.',
  per_device_train_batch_size: 'Examples computed at once. More is steadier and needs more memory.',
  gradient_accumulation_steps: 'Batches before each update: the effect of a bigger batch without its memory.',
  gradient_checkpointing:
    'Compute activations twice instead of keeping them: less memory, a third more time.',
  lr_scheduler_type: {
    help: 'How the learning rate changes during the run.',
    options: {
      linear: 'falls to zero evenly',
      cosine: 'falls to zero along a cosine',
      constant: 'stays as it is, without warm-up',
      constant_with_warmup: 'rises, then stays',
      cosine_with_restarts: 'falls to zero along a cosine, num_cycles times',
      cosine_with_min_lr: 'falls along a cosine, not below min_lr_rate',
      polynomial: 'falls to lr_end with the power of the steps that are left',
      inverse_sqrt: 'falls with the square root of the steps, slower and slower',
      warmup_stable_decay: 'stays high, and falls only in the last num_decay_steps',
    },
  },
  warmup_steps:
    'Steps in which the learning rate rises from zero; below 1, a share of the whole run; 0 for none.',
  warmup_ratio: 'The older name for a share of warm-up; used unless warmup_steps is 1 or more.',
  num_cycles: 'Times that the learning rate jumps up and falls again.',
  min_lr_rate: 'The lowest learning rate, as a share of learning_rate.',
  power: 'How the learning rate falls: 1 evenly, more than 1 fast at first.',
  lr_end: 'The learning rate at the end of the run.',
  timescale:
    'Steps over which the fall is spread; the warm-up’s steps unless given, or 10,000 without a warm-up.',
  num_decay_steps: 'Steps at the end in which the learning rate falls; below 1, a share of the whole run.',
  decay_type: {
    help: 'How the learning rate falls at the end.',
    options: { cosine: 'along a cosine', linear: 'evenly', '1-sqrt': 'fast at first, as 1 − √t' },
  },
  min_lr_ratio: 'The learning rate at the end, as a share of learning_rate.',
  optim: {
    help: 'The algorithm that turns gradients into updates.',
    options: {
      adamw_torch: 'two moments in single precision',
      adamw_8bit: 'moments in 8 bits: a quarter of their memory; paged_adamw_8bit means the same here',
      lion_32bit:
        'only the sign of one moment; wants a third to a tenth of AdamW’s learning_rate and adam_beta2 0.99',
      lion_8bit: 'Lion with its moment in 8 bits: an eighth of AdamW’s memory',
      adafactor: 'one moment of each row and each column: almost no memory',
      muon: 'orthogonal updates of matrices, for full tuning above all; vectors, embeddings and the head use AdamW',
      schedule_free_adamw:
        'an average of all steps in place of a falling rate; wants lr_scheduler_type constant_with_warmup',
    },
  },
  muon_adjust_lr_fn: {
    help: 'How Muon scales the learning rate of each matrix.',
    options: {
      match_rms_adamw: 'so that updates are as large as AdamW’s, and AdamW’s learning_rate fits',
      original: 'by its shape alone; wants a learning_rate of about 0.02',
    },
  },
  loraplus_lr_ratio:
    'LoRA+: how many times faster the adapter’s B learns than its A. 16 with a smaller learning_rate is usual; 1 means equally fast.',
  loss_type: {
    help: 'How the loss of a token follows from its probability p.',
    options: {
      nll: '-log p: every token counts the same',
      dft: '-p log p, Dynamic Fine-Tuning: tokens that the model finds unlikely count less, so it may generalise better',
    },
  },
  layerwise_lr_decay:
    'How much slower each layer learns than the one above it, so that early layers change least; 0.9 is usual, 1 means equally fast.',
  label_smoothing_factor:
    'Share of each target that is spread over the whole vocabulary, against overconfidence; 0 is usual.',
  weight_decay: 'Pulls the adapter’s weights towards zero a little at every step.',
  max_grad_norm: 'Gradients longer than this are shortened to it; 0 leaves them as they are.',
  adam_beta1: 'Decay rate of the running average of gradients.',
  adam_beta2: 'Decay rate of the running average of squared gradients.',
  adam_epsilon: 'A small number that prevents division by zero.',
  objective: {
    help: 'The kind of training.',
    options: {
      sft: 'supervised fine-tuning: learn to write the answers in the examples',
      pt: 'continued pre-training: learn the language and the facts of whole texts, long ones in pieces of max_seq_length',
    },
  },
  train_on: {
    help: 'The tokens that count for the loss.',
    options: {
      responses: 'only the answers',
      last_response: 'only the last answer of a conversation; the earlier ones are context',
      all: 'questions too',
    },
  },
  template: {
    help: 'How an example becomes text.',
    options: {
      model: 'the model’s own chat template; the Alpaca prompt if it has none',
      alpaca: 'the Alpaca prompt',
    },
  },
  placeholders: 'Text that replaces {{name}} and similar placeholders in the examples: name=Ada,author=Acme.',
  sources:
    'Options of single files of examples, by the words of LLaMA-Factory’s dataset_info.json: how they are read (encoding, delimiter, header, columns, tags), their use (split), their share (weight, num_samples), a default_system message.',
  cleaning: {
    help: 'Steps that change or drop records before training; the report says what each of them did.',
    options: {
      none: 'records stay as they are',
      light: 'white space, broken characters and exact duplicates',
      strict: 'these, masked private data, repetitions and near duplicates',
    },
  },
  dataset:
    'The data sets to train on, of several files: names of entries in a dataset_info.json among the files, or of files. With none, all files.',
  eval_dataset: 'The same for evaluation: none of their rows is trained on.',
  max_samples:
    'The greatest number of examples of each file; the first ones are used. Rows that were added or are held out by hand always count.',
  mix_strategy: {
    help: 'How several files of examples become one set.',
    options: {
      concat: 'one after the other, each example as often as the weight of its file says',
      interleave_under:
        'in turn, or drawn in proportion to the weights if there are any, until the first file is used up',
      interleave_over:
        'in turn, or drawn in proportion to the weights if there are any, until the last file is used up',
    },
  },
  interleave_probs: 'How often each data set of dataset is drawn from, in the same order.',
  packing:
    'Put several examples into one row of up to max_seq_length tokens. They do not see one another. A batch then counts rows, so it holds more examples.',
  packing_strategy: {
    help: 'How examples share rows.',
    options: {
      bfd: 'whole examples, the longest first, each into the fullest row with room; too long ones are cut off',
      bfd_split: 'the same, but too long examples are split over several rows',
      wrapped: 'one after the other, cut wherever a row is full',
    },
  },
  eval_split: 'Share of the examples held out for evaluation; training never uses them.',
  neftune_noise_alpha:
    'NEFTune: noise on the examples’ embeddings during training, against overfitting. 5 is usual.',
  shuffle: 'Mix the examples again in every epoch.',
  group_by_length: 'Put examples of similar length into the same batch, still in a random order.',
  seed: 'The start of all random numbers: the same seed gives the same adapter.',
  logging_steps: 'Steps between two reports of the loss.',
  eval_steps: 'Steps between two evaluations on the held-out examples; 0 for none.',
  sample_prompts:
    'Prompts that the model answers before, during and after training: examples takes up to three from your examples, none asks nothing.',
  report_to:
    'Files with the curves for other programs, beside the checkpoints of the command line and in scripts for a cluster: tensorboard (W&B and SwanLab read it too), csv (Trackio, pandas) or jsonl; all, none. This page offers them for every run under Past runs.',
  save_steps: 'Steps between two checkpoints.',
  save_total_limit: 'The number of checkpoints to keep; older ones are removed.',
  load_best_model_at_end:
    'At the end, take the adapter of the step with the lowest evaluation loss, which is that of loss_type. Its checkpoint is kept beside save_total_limit’s newest.',
  early_stopping_patience:
    'End the run after this many evaluations in a row that gain nothing, before it learns the examples by heart.',
  early_stopping_threshold:
    'How much the evaluation loss must fall below its lowest value to count as a gain for early_stopping_patience.',
} satisfies Readonly<Record<SettingName, string | SettingHelp>>;

/** The help of the settings of an answer. */
export const answerHelp = {
  temperature: 'How random the choice is; 0 always takes the most likely token.',
  top_p: 'Choose only among the most likely tokens that together have this probability.',
  top_k: 'Choose only among this many of the most likely tokens; 0 for all.',
  repetition_penalty: 'Above 1, tokens that already occurred become less likely.',
  max_new_tokens: 'The greatest number of tokens in an answer.',
  seed: 'The same seed gives the same answer.',
} satisfies Readonly<Record<AnswerSettingName, string | SettingHelp>>;

/** The help of the settings of a mix of adapters. */
export const mixHelp = {
  combination_type: {
    help: 'How the adapters become one.',
    options: {
      svd: 'the sum of their changes to the model, as close as one adapter of svd_rank comes to it; the ranks may differ',
      linear: 'their matrices are added up: quick and rough; needs equal ranks',
      cat: 'the exact sum of their changes; the rank is the sum of the ranks',
      ties: 'keeps each one’s largest values, and those that agree in sign; needs equal ranks',
      dare_linear: 'drops values at random, enlarges the others, then as linear',
      dare_ties: 'drops values at random, enlarges the others, and keeps those that agree in sign',
    },
  },
  density: 'The share of each adapter’s values that is kept, for ties, dare_linear and dare_ties.',
  majority_sign_method: {
    help: 'How ties and dare_ties choose the sign of a value.',
    options: { total: 'that of the sum of the values', frequency: 'that of the most adapters' },
  },
  svd_rank: 'The rank of a mix by svd.',
  seed: 'The values that dare_linear and dare_ties drop: the same seed gives the same mix.',
} satisfies Readonly<Record<MixSettingName, string | SettingHelp>>;
