import { message } from '../../messages/message';
import { direct, isEmpty, type Fields, type ForeignFormat, type Source } from './foreign';

/** Values that PEFT writes into every file and that change nothing. */
const USUAL: Readonly<Record<string, readonly unknown[]>> = {
  task_type: ['CAUSAL_LM'],
  bias: ['none'],
  inference_mode: [true],
  megatron_core: ['megatron.core'],
  qalora_group_size: [16],
  eps: [6e-5],
  module_dropout: [0],
  init_weights: [true],
  init_ia3_weights: [true],
};

/** The values of `finetuning_type` for PEFT's types of adapters. */
const TYPES: Readonly<Record<string, string>> = { LORA: 'lora', OFT: 'oft', IA3: 'ia3' };

function typeOf({ peft_type }: Fields): string | undefined {
  return TYPES[String(peft_type)];
}

/** A setting of one type of adapter, with PEFT's default; it stays as it is with another type. */
function of(type: string, key: string, fallback: unknown): Source {
  const { keys, value } = direct(key, fallback);
  return { keys, value: (fields) => (typeOf(fields) === type ? value(fields) : undefined) };
}

/** `adapter_config.json`: the settings of an adapter. The defaults are those of PEFT's configs. */
export const peftConfig: ForeignFormat = {
  program: 'PEFT',
  matches: ({ peft_type }) => typeof peft_type === 'string',
  sources: {
    finetuning_type: { keys: ['peft_type'], value: typeOf },
    oft_block_size: of('oft', 'oft_block_size', 32),
    use_cayley_neumann: of('oft', 'use_cayley_neumann', true),
    num_cayley_neumann_terms: of('oft', 'num_cayley_neumann_terms', 5),
    feedforward_modules: of('ia3', 'feedforward_modules', []),
    r: of('lora', 'r', 8),
    lora_alpha: of('lora', 'lora_alpha', 8),
    lora_dropout: of('lora', 'lora_dropout', 0),
    use_rslora: of('lora', 'use_rslora', false),
    use_dora: of('lora', 'use_dora', false),
    init_lora_weights: of('lora', 'init_lora_weights', true),
    rank_pattern: of('lora', 'rank_pattern', {}),
    alpha_pattern: of('lora', 'alpha_pattern', {}),
    layers_to_transform: direct('layers_to_transform', null),
    // PEFT chooses the modules by the model's family if none are named, which this program does not know.
    target_modules: { ...direct('target_modules', undefined), optional: true },
  },
  isImplied: (key, value) =>
    key === 'peft_version' ||
    isEmpty(value) ||
    // OFT's number of blocks, which follows from their size.
    (key === 'r' && value === 0) ||
    (USUAL[key]?.includes(value) ?? false),
  refusal: (fields) =>
    typeOf(fields) === undefined
      ? message('settings_other_adapter', { type: String(fields['peft_type']) })
      : undefined,
};
