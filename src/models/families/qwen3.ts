import type { ModelSpec } from '../spec';
import { parseCommon, plainSpec } from './common';
import { qwenLayers } from './layers';
import { rotaryOf } from './rotary';

/** Qwen3 (Qwen3ForCausalLM): norms on the heads of q and k, and a head_dim of its own (128 unless given). */
export function qwen3Spec(config: unknown): ModelSpec {
  const common = parseCommon(config, { head_dim: 128 });
  const spec = plainSpec(common);
  return {
    ...spec,
    family: 'qwen3',
    qkvBias: common.attention_bias ?? false,
    outputBias: common.attention_bias ?? false,
    qkNorm: true,
    rotary: [rotaryOf(common, spec)],
    attention: qwenLayers(common),
  };
}
