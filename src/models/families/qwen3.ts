import type { ModelSpec } from '../spec';
import { parseCommon, plainSpec, sizesOf } from './common';
import type { Family } from './family';
import { qwenLayers } from './layers';
import { rotaryOf } from './rotary';

/** Qwen3: norms on the heads of q and k, and an explicit head_dim (default 128). */
export const qwen3: Family = {
  name: 'qwen3',
  label: 'Qwen3',
  architecture: 'Qwen3ForCausalLM',
  spec,
  gguf: { architecture: 'qwen3', modelType: 'qwen3', fields: () => ({ use_sliding_window: false }) },
};

function spec(config: unknown): ModelSpec {
  const common = parseCommon(config, { head_dim: 128 });
  return plainSpec(common, {
    family: qwen3.name,
    qkvBias: common.attention_bias ?? false,
    outputBias: common.attention_bias ?? false,
    headNorms: true,
    rotary: [rotaryOf(common, sizesOf(common))],
    attention: qwenLayers(common),
  });
}
