/** What a person can set for a run, by the names and with the meaning that Transformers and PEFT give them. */
export interface TrainSettings {
  /** Quantise the base's linear layers to NF4, as bitsandbytes does. */
  readonly load_in_4bit: boolean;
  /** Quantise the scales of those layers as well. */
  readonly bnb_4bit_use_double_quant: boolean;
  /** Of the base's weights that are not in 4 bits; 'auto': as the checkpoint stores them. */
  readonly dtype: 'auto' | 'float16' | 'float32';
  /** Examples of a micro-batch. */
  readonly per_device_train_batch_size: number;
  /** Micro-batches of an optimizer step. */
  readonly gradient_accumulation_steps: number;
  /** AdamW's, at the height of the schedule. */
  readonly learning_rate: number;
  readonly lr_scheduler_type: 'linear' | 'cosine' | 'constant' | 'constant_with_warmup';
  /** Takes the place of `warmup_ratio` where it is above 0. */
  readonly warmup_steps: number;
  /** Fraction of the run's optimizer steps. */
  readonly warmup_ratio: number;
  readonly weight_decay: number;
  readonly adam_beta1: number;
  readonly adam_beta2: number;
  readonly adam_epsilon: number;
  /** 0: no clipping. */
  readonly max_grad_norm: number;
  /** Passes over the examples; may end within one (1.5). */
  readonly num_train_epochs: number;
  /** Optimizer steps, whatever `num_train_epochs` says; -1: by epochs. */
  readonly max_steps: number;
  /** Tokens after which an example is cut. */
  readonly max_seq_length: number;
  readonly logging_steps: number;
  readonly save_steps: number;
  /** Checkpoints that are kept. */
  readonly save_total_limit: number;
  /** 0: never. */
  readonly eval_steps: number;
  /** Fraction of the examples held out, 0 to 0.5. */
  readonly eval_split: number;
  readonly seed: number;
  readonly shuffle: boolean;
  readonly r: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  readonly target_modules: 'all-linear' | readonly string[];
  readonly use_rslora: boolean;
  readonly gradient_checkpointing: boolean;
  /** The tokens that count for the loss. */
  readonly train_on: 'responses' | 'all';
  /** 'model': the model's own chat template (the Alpaca prompt where it has none); 'alpaca': always the Alpaca prompt. */
  readonly template: 'model' | 'alpaca';
}

export type SettingName = keyof TrainSettings;
export type SettingValue = TrainSettings[SettingName];

/** What holds where nothing is said. */
export const DEFAULTS: TrainSettings = {
  load_in_4bit: true,
  bnb_4bit_use_double_quant: true,
  dtype: 'auto',
  per_device_train_batch_size: 4,
  gradient_accumulation_steps: 2,
  learning_rate: 2e-4,
  lr_scheduler_type: 'linear',
  warmup_steps: 0,
  warmup_ratio: 0.05,
  weight_decay: 0,
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  adam_epsilon: 1e-8,
  max_grad_norm: 1,
  num_train_epochs: 3,
  max_steps: -1,
  max_seq_length: 1024,
  logging_steps: 1,
  save_steps: 50,
  save_total_limit: 2,
  eval_steps: 20,
  eval_split: 0.1,
  seed: 42,
  shuffle: true,
  r: 16,
  lora_alpha: 32,
  lora_dropout: 0,
  target_modules: 'all-linear',
  use_rslora: false,
  gradient_checkpointing: false,
  train_on: 'responses',
  template: 'model',
};
