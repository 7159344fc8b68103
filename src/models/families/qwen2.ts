import type { ModelSpec } from '../spec';
import { parseCommon, plainSpec } from './common';
import { qwenLayers } from './layers';
import { rotaryOf } from './rotary';

/** Qwen 1.5, 2 and 2.5 (Qwen2ForCausalLM): q, k and v have a bias, o has none. */
export function qwen2Spec(config: unknown): ModelSpec {
  const common = parseCommon(config);
  const spec = plainSpec(common);
  return {
    ...spec,
    family: 'qwen2',
    qkvBias: true,
    rotary: [rotaryOf(common, spec)],
    attention: qwenLayers(common),
  };
}
