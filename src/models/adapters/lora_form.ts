import * as v from 'valibot';
import { reason } from '../../core/issue_reason';
import type { PeftForm } from './kind';
import type { WholeSettings } from './settings';

const rank = v.pipe(v.number(), v.integer(), v.minValue(1));

const entries = {
  r: rank,
  lora_alpha: v.pipe(v.number(), v.finite()),
  lora_dropout: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1)), 0),
  use_rslora: v.nullish(v.boolean(), false),
  use_dora: v.nullish(v.boolean(), false),
  rank_pattern: v.nullish(v.record(v.string(), rank), {}),
  alpha_pattern: v.nullish(v.record(v.string(), v.pipe(v.number(), v.finite())), {}),
  bias: v.optional(v.literal('none', reason('adapter_bias')), 'none'),
  // Other initialisations change the base weights, so the adapter does not fit the original base.
  init_lora_weights: v.nullish(
    v.union([v.boolean(), v.picklist(['gaussian', 'orthogonal', 'eva'])], reason('adapter_base_changed')),
    true,
  ),
};

/** PEFT's LoraConfig: LoRA, DoRA, and the plain form of other starts. */
export const loraForm: PeftForm = {
  type: 'LORA',
  entries,
  harmless: [
    'megatron_core',
    'loftq_config',
    'eva_config',
    'corda_config',
    'lora_ga_config',
    'qalora_group_size',
  ],
  write: ({ r, lora_alpha, lora_dropout, use_rslora, use_dora, rank_pattern, alpha_pattern }) => ({
    ...{ r, lora_alpha, lora_dropout, use_rslora, use_dora },
    alpha_pattern: { ...alpha_pattern },
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    rank_pattern: { ...rank_pattern },
  }),
  read(fields): Partial<WholeSettings> {
    const { r, lora_alpha, lora_dropout, use_rslora, use_dora, rank_pattern, alpha_pattern } = v.parse(
      v.object(entries),
      fields,
    );
    return { r, lora_alpha, lora_dropout, use_rslora, use_dora, rank_pattern, alpha_pattern };
  },
};
