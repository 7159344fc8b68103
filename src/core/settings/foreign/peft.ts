import { message } from '../../messages/message';
import { direct, isEmpty, type ForeignFormat } from './foreign';

/** Values that PEFT writes into every file and that change nothing. */
const USUAL: Readonly<Record<string, readonly unknown[]>> = {
  peft_type: ['LORA'],
  task_type: ['CAUSAL_LM'],
  bias: ['none'],
  inference_mode: [true],
  megatron_core: ['megatron.core'],
  qalora_group_size: [16],
};

/** `adapter_config.json`: the settings of an adapter. The defaults are those of PEFT's LoraConfig. */
export const peftConfig: ForeignFormat = {
  program: 'PEFT',
  matches: ({ peft_type }) => typeof peft_type === 'string',
  sources: {
    r: direct('r', 8),
    lora_alpha: direct('lora_alpha', 8),
    lora_dropout: direct('lora_dropout', 0),
    use_rslora: direct('use_rslora', false),
    use_dora: direct('use_dora', false),
    init_lora_weights: direct('init_lora_weights', true),
    rank_pattern: direct('rank_pattern', {}),
    alpha_pattern: direct('alpha_pattern', {}),
    layers_to_transform: direct('layers_to_transform', null),
    // PEFT chooses the modules by the model's family if none are named, which this program does not know.
    target_modules: { ...direct('target_modules', undefined), optional: true },
  },
  isImplied: (key, value) =>
    key === 'peft_version' || isEmpty(value) || (USUAL[key]?.includes(value) ?? false),
  refusal: ({ peft_type }) =>
    peft_type === 'LORA' ? undefined : message('settings_other_adapter', { type: String(peft_type) }),
};
