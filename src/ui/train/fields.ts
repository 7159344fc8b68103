import type { TrainSettings } from '../../core/settings/settings';

export type SettingName = keyof TrainSettings;
export type SettingValue = TrainSettings[SettingName];

interface FieldBase {
  readonly name: SettingName;
  /** One line for a person who has never heard of it. */
  readonly help: string;
}
export interface NumberField extends FieldBase {
  readonly kind: 'number' | 'integer';
  readonly min: number;
  readonly max: number;
  /** `min` itself is excluded. */
  readonly aboveMin?: boolean;
  /** A value within that means nothing. */
  readonly not?: number;
}
export interface SwitchField extends FieldBase {
  readonly kind: 'switch';
}
export interface ChoiceField extends FieldBase {
  readonly kind: 'choice';
  readonly options: readonly { readonly value: SettingValue & string; readonly label: string }[];
}
export interface ModulesField extends FieldBase {
  readonly kind: 'modules';
}
export type Field = NumberField | SwitchField | ChoiceField | ModulesField;

export interface FieldGroup {
  readonly title: string;
  readonly fields: readonly Field[];
}

const integer = (name: SettingName, min: number, max: number, help: string): NumberField => ({
  kind: 'integer',
  name,
  min,
  max,
  help,
});
const number = (name: SettingName, min: number, max: number, help: string): NumberField => ({
  kind: 'number',
  name,
  min,
  max,
  help,
});
const toggle = (name: SettingName, help: string): SwitchField => ({ kind: 'switch', name, help });

/** The four that matter most, shown beside the presets. */
export const mainFields = [
  { ...number('num_train_epochs', 0, 1000, 'How often it sees every example.'), aboveMin: true },
  {
    ...number('learning_rate', 0, 1, 'How big each correction is.'),
    aboveMin: true,
  },
  integer('r', 1, 1024, 'Rank: the size of the adapter.'),
  integer('max_seq_length', 8, 1_048_576, 'Longer examples are cut to it.'),
] as const satisfies readonly Field[];

/** The rest, as the panel shows it. `load_in_4bit` and `bnb_4bit_use_double_quant` belong to the model step. */
export const fieldGroups: readonly FieldGroup[] = [
  {
    title: 'Adapter',
    fields: [
      {
        ...number(
          'lora_alpha',
          0,
          4096,
          'How strongly the adapter acts: its output is scaled by lora_alpha / r.',
        ),
        aboveMin: true,
      },
      number(
        'lora_dropout',
        0,
        0.9,
        'Share of the adapter’s inputs silenced at random, against learning by heart.',
      ),
      toggle('use_rslora', 'Scale by lora_alpha / √r instead, which suits high ranks.'),
      {
        kind: 'modules',
        name: 'target_modules',
        help: 'The layers that get an adapter. All of them learns best.',
      },
    ],
  },
  {
    title: 'Length and batches',
    fields: [
      { ...integer('max_steps', -1, 10_000_000, 'Stop after this many steps; −1 goes by epochs.'), not: 0 },
      integer(
        'per_device_train_batch_size',
        1,
        1024,
        'Examples looked at together. More is steadier and needs more memory.',
      ),
      integer(
        'gradient_accumulation_steps',
        1,
        4096,
        'Batches gathered before each correction: a bigger batch without the memory.',
      ),
      toggle(
        'gradient_checkpointing',
        'Compute activations twice instead of keeping them: less memory, more time.',
      ),
    ],
  },
  {
    title: 'Learning rate',
    fields: [
      {
        kind: 'choice',
        name: 'lr_scheduler_type',
        help: 'How the learning rate changes along the run.',
        options: [
          { value: 'linear', label: 'linear: down to zero evenly' },
          { value: 'cosine', label: 'cosine: down to zero in a curve' },
          { value: 'constant', label: 'constant' },
          { value: 'constant_with_warmup', label: 'constant with warm-up' },
        ],
      },
      integer(
        'warmup_steps',
        0,
        10_000_000,
        'Steps in which the learning rate rises from zero; 0 goes by warmup_ratio.',
      ),
      number('warmup_ratio', 0, 0.9, 'The same as a share of the whole run.'),
    ],
  },
  {
    title: 'Optimizer (AdamW)',
    fields: [
      number('weight_decay', 0, 1, 'Pulls the adapter’s weights towards zero a little at every step.'),
      number(
        'max_grad_norm',
        0,
        1000,
        'Corrections longer than this are shortened to it; 0 leaves them as they are.',
      ),
      number('adam_beta1', 0, 0.9999, 'Memory of the average direction.'),
      number('adam_beta2', 0, 0.999999, 'Memory of the average size.'),
      { ...number('adam_epsilon', 0, 0.1, 'Keeps a division from blowing up.'), aboveMin: true },
    ],
  },
  {
    title: 'Data',
    fields: [
      {
        kind: 'choice',
        name: 'train_on',
        help: 'Which tokens count: only what the assistant says, or everything.',
        options: [
          { value: 'responses', label: 'responses: only the answers' },
          { value: 'all', label: 'all: questions too' },
        ],
      },
      {
        kind: 'choice',
        name: 'template',
        help: 'How an example becomes text.',
        options: [
          { value: 'model', label: 'model: the model’s own chat template' },
          { value: 'alpaca', label: 'alpaca: the Alpaca prompt' },
        ],
      },
      number('eval_split', 0, 0.5, 'Share of the examples held out to test on, never trained on.'),
      toggle('shuffle', 'Mix the examples anew in every epoch.'),
      integer('seed', 0, 4_294_967_295, 'The same seed gives the same adapter again.'),
    ],
  },
  {
    title: 'Watching and saving',
    fields: [
      integer('logging_steps', 1, 1_000_000, 'Show the loss every so many steps.'),
      integer(
        'eval_steps',
        0,
        10_000_000,
        'Test on the held-out examples every so many steps; 0 never does.',
      ),
      integer('save_steps', 1, 10_000_000, 'Save a checkpoint every so many steps.'),
      integer('save_total_limit', 1, 1000, 'Checkpoints kept; older ones are removed.'),
    ],
  },
];

export const panelFields: readonly Field[] = fieldGroups.flatMap((group) => group.fields);
export const allFields: readonly Field[] = [...mainFields, ...panelFields];
