import { DEFAULTS, type SettingName } from '../train/settings';
import type { Command } from './command';

/** What each setting does, in a line. */
const SETTING_HELP: Readonly<Record<SettingName, string>> = {
  load_in_4bit: "the base's linear layers in NF4, as bitsandbytes does it",
  bnb_4bit_use_double_quant: 'their scales in 8 bits',
  dtype: 'auto, float16 or float32: of weights that are not in 4 bits; auto: as they are stored',
  per_device_train_batch_size: 'examples computed at once',
  gradient_accumulation_steps: 'such batches that make one step',
  learning_rate: "AdamW's, at its highest",
  lr_scheduler_type: 'linear, cosine, constant or constant_with_warmup',
  warmup_steps: 'steps in which the rate rises; above 0 it takes the place of warmup_ratio',
  warmup_ratio: 'the same as a share of all steps',
  weight_decay: 'decoupled, as in AdamW',
  adam_beta1: 'decay of the mean of gradients',
  adam_beta2: 'decay of the mean of their squares',
  adam_epsilon: 'keeps divisions away from zero',
  max_grad_norm: 'longer gradients are shortened to this; 0: never',
  num_train_epochs: 'how often to go through the examples; may be a fraction',
  max_steps: 'steps, whatever num_train_epochs says; -1: by epochs',
  max_seq_length: 'tokens after which an example is cut',
  logging_steps: 'report every so many steps',
  save_steps: 'save a checkpoint every so many steps',
  save_total_limit: 'checkpoints that are kept',
  eval_steps: 'evaluate on the held-out examples every so many steps; 0: never',
  eval_split: 'share of the examples that is held out, 0 to 0.5',
  seed: 'of every random number',
  shuffle: 'another order of the examples in every epoch',
  r: 'rank of the adapter',
  lora_alpha: 'the adapter counts lora_alpha / r',
  lora_dropout: "share of the adapter's inputs that is dropped",
  target_modules: 'all-linear, or names between commas: q_proj,v_proj',
  use_rslora: 'lora_alpha / √r instead',
  gradient_checkpointing: 'less memory, a third more time',
  train_on: 'responses, or all tokens',
  template: "model: the model's own chat template; alpaca: the Alpaca prompt",
};

/** What `--help` says of all commands. */
export function overview(commands: readonly Command[]): string {
  const usage = 'tunesmith COMMAND --model MODEL [options]';
  const list = columns(commands.map(({ name, summary }) => [name, summary]));
  return `Usage: ${usage}\n\n${list}\n\ntunesmith COMMAND --help tells the options and settings of one.`;
}

/** What `--help` says of one command. */
export function commandHelp({ name, summary, options, settings, defaults, words }: Command): string {
  const needed = Object.entries(options).filter(([, { required }]) => required);
  const usage = [words, ...needed.map(([option, { value }]) => `--${option} ${value}`)]
    .filter((part) => part !== undefined)
    .map((part) => `${part} `)
    .join('');
  const optionRows = Object.entries(options).map(([option, { value, help }]) => [
    `--${option} ${value}`.trim(),
    help,
  ]);
  const settingRows = settings.map((setting) => {
    const fallback: unknown = { ...DEFAULTS, ...defaults }[setting];
    return [`--${setting} ${String(fallback)}`, SETTING_HELP[setting]];
  });
  return [
    `Usage: tunesmith ${name} ${usage}[options]`,
    `${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`,
    `Options:\n${columns(optionRows)}`,
    ...(settings.length > 0
      ? [`Settings, with what holds where nothing is said:\n${columns(settingRows)}`]
      : []),
  ].join('\n\n');
}

function columns(rows: readonly (readonly string[])[]): string {
  const width = rows.reduce((widest, [first = '']) => Math.max(widest, first.length), 0);
  return rows.map(([first = '', second = '']) => `  ${first.padEnd(width)}  ${second}`).join('\n');
}
