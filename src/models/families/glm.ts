import type { ModelSpec } from '../spec';
import { parseCommon, plainSpec } from './common';
import { rotaryOf } from './rotary';

/**
 * GLM-4 and GLM-Edge (GlmForCausalLM): the first half of a head is turned, neighbouring elements as a pair, and one linear
 * map gives the MLP's gate and the values that it lets through.
 */
export function glmSpec(config: unknown): ModelSpec {
  const common = parseCommon(config, {
    num_key_value_heads: 2,
    head_dim: 128,
    rms_norm_eps: 1.5625e-7,
    attention_bias: true,
  });
  const spec = plainSpec(common);
  return {
    ...spec,
    family: 'glm',
    modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_up_proj', 'down_proj'],
    qkvBias: common.attention_bias ?? false,
    rotary: [rotaryOf(common, { ...spec, interleaved: true, partial: 0.5 })],
    attention: new Array(spec.layers).fill({ rotary: 0 }),
  };
}
