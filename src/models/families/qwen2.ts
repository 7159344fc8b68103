import type { ModelSpec } from '../spec';
import { parseCommon, plainSpec, sizesOf } from './common';
import type { Family } from './family';
import { qwenLayers } from './layers';
import { rotaryOf } from './rotary';

/** Qwen 1.5, 2 and 2.5: q, k and v have a bias, o has none. */
export const qwen2: Family = {
  name: 'qwen2',
  label: 'Qwen2',
  architecture: 'Qwen2ForCausalLM',
  spec,
  gguf: {
    architecture: 'qwen2',
    modelType: 'qwen2',
    fields: () => ({ use_sliding_window: false, attention_bias: true }),
    computes: { wholeWidth: true },
  },
};

function spec(config: unknown): ModelSpec {
  const common = parseCommon(config);
  return plainSpec(common, {
    family: qwen2.name,
    qkvBias: true,
    rotary: [rotaryOf(common, sizesOf(common))],
    attention: qwenLayers(common),
  });
}
