import * as v from 'valibot';
import type { ModelSpec } from '../spec';
import { parseCommon, parseConfig, plainSpec, requireNeutral } from './common';
import { rotaryOf } from './rotary';

const Llama = v.looseObject({ mlp_bias: v.nullish(v.boolean()) });

/**
 * Llama 2 and 3 and what shares their architecture: TinyLlama, Yi, SmolLM2 (LlamaForCausalLM). `attention_bias` gives all
 * four attention maps a bias.
 */
export function llamaSpec(config: unknown): ModelSpec {
  const common = parseCommon(config);
  const { mlp_bias } = parseConfig(Llama, config);
  requireNeutral(common, 'pretraining_tp', 1);
  const spec = plainSpec(common);
  return {
    ...spec,
    family: 'llama',
    qkvBias: common.attention_bias ?? false,
    outputBias: common.attention_bias ?? false,
    mlpBias: mlp_bias ?? false,
    rotary: [rotaryOf(common, spec)],
    attention: new Array(spec.layers).fill({ rotary: 0 }),
  };
}
