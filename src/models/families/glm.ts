import type { ModelSpec } from '../spec';
import { parseCommon, plainSpec, sizesOf, turnedAlike } from './common';
import type { Family } from './family';
import { rotaryOf } from './rotary';

/**
 * GLM-4 and GLM-Edge: the rotary embedding turns the first half of a head, neighbouring elements as a pair, and one
 * linear map gives both the MLP's gate and its values.
 */
export const glm: Family = {
  name: 'glm',
  label: 'GLM',
  architecture: 'GlmForCausalLM',
  spec,
  gguf: {
    architecture: 'chatglm',
    modelType: 'glm',
    computes: { wholeWidth: true, partialRotary: true },
  },
};

function spec(config: unknown): ModelSpec {
  const common = parseCommon(config, {
    num_key_value_heads: 2,
    head_dim: 128,
    rms_norm_eps: 1.5625e-7,
    attention_bias: true,
  });
  return plainSpec(common, {
    family: glm.name,
    mlpNames: { gateUp: 'gate_up_proj', down: 'down_proj' },
    qkvBias: common.attention_bias ?? false,
    rotary: [rotaryOf(common, { ...sizesOf(common), interleaved: true, partial: 0.5 })],
    attention: turnedAlike(common),
  });
}
