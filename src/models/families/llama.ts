import * as v from 'valibot';
import type { ModelSpec } from '../spec';
import { parseCommon, parseConfig, requireNeutral, sharedSpec } from './common';

const Llama = v.looseObject({
  attention_bias: v.nullish(v.boolean()),
  mlp_bias: v.nullish(v.boolean()),
});

/** Llama 2, 3 and their kin (LlamaForCausalLM). `attention_bias` gives all four attention maps a bias. */
export function llamaSpec(config: unknown): ModelSpec {
  const common = parseCommon(config);
  const { attention_bias, mlp_bias } = parseConfig(Llama, config);
  requireNeutral(common, 'pretraining_tp', 1);
  return {
    ...sharedSpec(common),
    family: 'llama',
    qkvBias: attention_bias ?? false,
    outputBias: attention_bias ?? false,
    mlpBias: mlp_bias ?? false,
    qkNorm: false,
  };
}
