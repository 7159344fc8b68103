import { isRecord } from '../../json';
import { ANSWERS, SETTINGS } from '../table';
import { direct, ifNamed, isEmpty, type Fields, type ForeignFormat, type Source } from './foreign';

/**
 * Keys by which one of LLaMA-Factory's files is known. `dataset`, `finetuning_type` and `model_name_or_path`
 * are none: TRL's files have the last, and people type the others into files of this program.
 */
const MARKS = ['stage', 'lora_rank', 'lora_target', 'oft_target', 'cutoff_len', 'quantization_bit'];

/** Values that say no more than what this program does anyway. */
const USUAL: Readonly<Record<string, readonly unknown[]>> = {
  do_train: [true],
  quantization_method: ['bnb', 'bitsandbytes'],
  quantization_type: ['nf4'],
  metric_for_best_model: ['loss', 'eval_loss'],
  greater_is_better: [false],
  save_strategy: ['steps', 'best'],
  eval_strategy: ['steps'],
  // Exports are always plain LoRA for the unchanged base.
  pissa_convert: [true],
};

/** Switches whose default is true: false says something. */
const ON_BY_DEFAULT = [
  'enable_thinking',
  'freeze_vision_tower',
  'upcast_layernorm',
  'ignore_pad_token_for_loss',
];

const fromSwitch = (key: string, on: unknown, off: unknown): Source => ({
  keys: [key],
  value: (fields) => (fields[key] === true ? on : off),
});

/** A key of freeze tuning, which counts with it alone. Names stand between commas. */
function ofFreeze(key: string, fallback: unknown): Source {
  return {
    keys: [key],
    optional: true,
    value({ finetuning_type, [key]: given }) {
      if (finetuning_type !== 'freeze') return given;
      const value = given ?? fallback;
      return typeof value === 'string' ? value.split(',').filter((name) => name !== '') : value;
    },
  };
}

/** A setting of one `finetuning_type`; it stays as it is with another. */
function ofType(type: string, key: string, fallback: unknown): Source {
  return {
    keys: [key],
    value: (fields) => (fields['finetuning_type'] === type ? (fields[key] ?? fallback) : undefined),
  };
}

/**
 * LLaMA-Factory's YAML or JSON (0.9.5, src/llamafactory/hparams, and transformers' TrainingArguments). The file describes
 * a whole training. So a key that it leaves out has LLaMA-Factory's default if it changes what is learnt. Keys of
 * reporting, saving and memory change nothing of it and count only if they are named.
 */
export const llamaFactory: ForeignFormat = {
  program: 'LLaMA-Factory',
  // A file of this program with one foreign key stays a file of this program, whose reader names that key.
  matches: (fields) =>
    MARKS.some((key) => Object.hasOwn(fields, key)) && !OURS.some((key) => Object.hasOwn(fields, key)),
  sources: {
    load_in_4bit: {
      keys: ['quantization_bit'],
      value: ({ quantization_bit: bits = null }) => (bits === null ? false : bits === 4 ? true : bits),
    },
    // Without a quantised base there is nothing to say.
    bnb_4bit_use_double_quant: {
      keys: ['double_quantization'],
      value: ({ quantization_bit: bits, double_quantization: on }) => on ?? (bits === 4 ? true : undefined),
    },
    dtype: {
      keys: ['bf16', 'fp16'],
      value: ({ fp16 }) => (fp16 === true ? 'float16' : 'auto'),
      optional: true,
    },
    num_train_epochs: direct('num_train_epochs', 3),
    learning_rate: direct('learning_rate', 5e-5),
    r: direct('lora_rank', 8),
    max_seq_length: direct('cutoff_len', 2048),
    lora_alpha: {
      keys: ['lora_alpha'],
      value: ({ lora_alpha, lora_rank }) => lora_alpha ?? 2 * Number(lora_rank ?? 8),
    },
    finetuning_type: direct('finetuning_type', 'lora'),
    freeze_trainable_layers: ofFreeze('freeze_trainable_layers', 2),
    freeze_trainable_modules: ofFreeze('freeze_trainable_modules', 'all'),
    freeze_extra_modules: ofFreeze('freeze_extra_modules', ''),
    oft_block_size: ofType('oft', 'oft_block_size', 32),
    lora_dropout: direct('lora_dropout', 0),
    use_rslora: direct('use_rslora', false),
    use_dora: direct('use_dora', false),
    init_lora_weights: { keys: ['pissa_init', 'pissa_iter'], value: pissaOf },
    target_modules: {
      keys: ['lora_target', 'oft_target'],
      value: ({ finetuning_type: type, lora_target, oft_target }) => {
        const target = (type === 'oft' ? oft_target : lora_target) ?? 'all';
        return target === 'all' ? 'all-linear' : target;
      },
    },
    max_steps: direct('max_steps', -1),
    per_device_train_batch_size: direct('per_device_train_batch_size', 8),
    gradient_accumulation_steps: direct('gradient_accumulation_steps', 1),
    gradient_checkpointing: {
      keys: ['disable_gradient_checkpointing', 'gradient_checkpointing'],
      value: ({ disable_gradient_checkpointing: off, gradient_checkpointing: on }) =>
        typeof off === 'boolean' ? !off : on,
      optional: true,
    },
    lr_scheduler_type: direct('lr_scheduler_type', 'linear'),
    num_cycles: ofSchedule('cosine_with_restarts', 'num_cycles', 1),
    min_lr_rate: {
      ...ofSchedule('cosine_with_min_lr', 'min_lr_rate', undefined),
      value: minimumOf,
    },
    power: ofSchedule('polynomial', 'power', 1),
    lr_end: ofSchedule('polynomial', 'lr_end', 1e-7),
    timescale: ofSchedule('inverse_sqrt', 'timescale', null),
    num_decay_steps: ofSchedule('warmup_stable_decay', 'num_decay_steps', undefined),
    decay_type: ofSchedule('warmup_stable_decay', 'decay_type', 'cosine'),
    min_lr_ratio: ofSchedule('warmup_stable_decay', 'min_lr_ratio', 0),
    warmup_steps: direct('warmup_steps', 0),
    warmup_ratio: direct('warmup_ratio', null),
    optim: {
      keys: ['use_muon', 'optim'],
      value: ({ use_muon, optim }) => (use_muon === true ? 'muon' : (optim ?? 'adamw_torch')),
    },
    muon_adjust_lr_fn: {
      keys: ['use_muon'],
      value: ({ use_muon }) => (use_muon === true ? 'match_rms_adamw' : undefined),
      optional: true,
    },
    loraplus_lr_ratio: direct('loraplus_lr_ratio', 1),
    loss_type: fromSwitch('use_dft_loss', 'dft', 'nll'),
    label_smoothing_factor: direct('label_smoothing_factor', 0),
    weight_decay: direct('weight_decay', 0),
    max_grad_norm: direct('max_grad_norm', 1),
    adam_beta1: direct('adam_beta1', 0.9),
    adam_beta2: direct('adam_beta2', 0.999),
    adam_epsilon: direct('adam_epsilon', 1e-8),
    objective: direct('stage', 'sft'),
    // Greedy packing there is best fit too. For texts it is on unless it is switched off.
    packing: {
      keys: ['packing', 'neat_packing'],
      value: ({ packing, neat_packing, stage }) => neat_packing === true || (packing ?? stage === 'pt'),
    },
    packing_strategy: {
      keys: ['stage'],
      value: ({ stage }) => (stage === 'pt' ? 'wrapped' : undefined),
      optional: true,
    },
    train_on: { keys: ['train_on_prompt', 'mask_history'], value: trainOn },
    // Other templates are those of models, and here the model's own is used.
    template: {
      ...ifNamed('template'),
      value: ({ template }) => (template === 'alpaca' ? template : undefined),
    },
    dataset: direct('dataset', []),
    eval_dataset: direct('eval_dataset', []),
    max_samples: direct('max_samples', null),
    interleave_probs: direct('interleave_probs', []),
    mix_strategy: direct('mix_strategy', 'concat'),
    eval_split: direct('val_size', 0),
    neftune_noise_alpha: direct('neftune_noise_alpha', null),
    shuffle: {
      keys: ['disable_shuffling', 'train_sampling_strategy'],
      value: ({ disable_shuffling, train_sampling_strategy }) =>
        disable_shuffling !== true && train_sampling_strategy !== 'sequential',
    },
    // The first key is that of transformers 5.
    group_by_length: {
      keys: ['train_sampling_strategy', 'group_by_length'],
      value: ({ train_sampling_strategy, group_by_length }) =>
        group_by_length === true || train_sampling_strategy === 'group_by_length',
    },
    seed: direct('seed', 42),
    logging_steps: ifNamed('logging_steps'),
    eval_steps: ifNamed('eval_steps'),
    report_to: ifNamed('report_to'),
    save_steps: ifNamed('save_steps'),
    save_total_limit: ifNamed('save_total_limit'),
    load_best_model_at_end: ifNamed('load_best_model_at_end'),
    early_stopping_patience: ifNamed('early_stopping_steps'),
  },
  isImplied: (key, value) =>
    (isEmpty(value) && !ON_BY_DEFAULT.includes(key)) || (USUAL[key]?.includes(value) ?? false),
};

/** The keys of `lr_scheduler_kwargs` that each type of schedule has here. */
const SCHEDULE_KWARGS: Readonly<Record<string, readonly string[]>> = {
  cosine_with_restarts: ['num_cycles'],
  cosine_with_min_lr: ['min_lr', 'min_lr_rate'],
  polynomial: ['power', 'lr_end'],
  inverse_sqrt: ['timescale'],
  warmup_stable_decay: ['num_decay_steps', 'decay_type', 'min_lr_ratio'],
};

/** Reads a setting of one type of schedule from `lr_scheduler_kwargs`. If one of its keys is unknown, the reader takes no key. */
function ofSchedule(type: string, key: string, fallback: unknown): Source {
  return {
    keys: ['lr_scheduler_kwargs'],
    value: (fields) => {
      const kwargs = fields['lr_scheduler_type'] === type ? kwargsOf(fields) : undefined;
      return kwargs && (kwargs[key] ?? fallback);
    },
  };
}

/** An object, or JSON of one, as transformers takes it; undefined if it says what has no counterpart here. */
function kwargsOf({ lr_scheduler_kwargs: given = {}, lr_scheduler_type: type }: Fields): Fields | undefined {
  const kwargs: unknown = typeof given === 'string' && given.startsWith('{') ? jsonOf(given) : given;
  if (!isRecord(kwargs)) return undefined;
  const known = SCHEDULE_KWARGS[String(type)] ?? [];
  return Object.keys(kwargs).every((key) => known.includes(key)) ? kwargs : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `min_lr` is a rate, `min_lr_rate` a share of the highest one. */
function minimumOf(fields: Fields): unknown {
  if (fields['lr_scheduler_type'] !== 'cosine_with_min_lr') return undefined;
  const { min_lr, min_lr_rate } = kwargsOf(fields) ?? {};
  if (typeof min_lr !== 'number') return min_lr_rate;
  return min_lr / Number(fields['learning_rate'] ?? 5e-5);
}

/** Names of settings that LLaMA-Factory has other keys for. */
const OURS = [...Object.keys(SETTINGS), ANSWERS].filter(
  (name) => !Object.values(llamaFactory.sources).some(({ keys }) => keys.includes(name)),
);

/** Both at once would train on all questions and on the last answer, which has no counterpart here. */
function trainOn({ train_on_prompt: prompts, mask_history: last }: Fields): unknown {
  if (prompts === true) return last === true ? undefined : 'all';
  return last === true ? 'last_response' : 'responses';
}

/** LLaMA-Factory runs 16 rounds of a randomised SVD unless told otherwise; -1 asks for the whole SVD. */
function pissaOf({ pissa_init, pissa_iter = 16 }: Fields): unknown {
  if (pissa_init !== true) return true;
  return pissa_iter === -1 ? 'pissa' : `pissa_niter_${String(pissa_iter)}`;
}
