import * as v from 'valibot';
import type { ModelSpec } from '../spec';
import { parseCommon, parseConfig, plainSpec, sizesOf, turnedAlike } from './common';
import type { Family } from './family';
import { size, unsupported } from './fields';
import { layerTypes, windowOf } from './layers';
import { rotaryOf } from './rotary';

const Mistral = v.looseObject({ sliding_window: v.nullish(size) });

/** Mistral: every layer has the window, by default 4096; null means none. */
export const mistral: Family = {
  name: 'mistral',
  label: 'Mistral',
  architecture: 'MistralForCausalLM',
  spec,
  // llama.cpp has no window for these files. Files with this architecture are read by Llama's entry.
  gguf: { architecture: 'llama', modelType: 'mistral', computes: { biases: 'all', ropeFactors: true } },
};

function spec(config: unknown): ModelSpec {
  const common = parseCommon(config, { num_key_value_heads: 8 });
  const { sliding_window } = parseConfig(Mistral, { sliding_window: 4096, ...common });
  const window = sliding_window ?? undefined;
  const type = window === undefined ? 'full_attention' : 'sliding_attention';
  const other = layerTypes(common, () => type).find((given) => given !== type);
  if (other) throw unsupported('layer_types', other);
  return plainSpec(common, {
    family: mistral.name,
    rotary: [rotaryOf(common, sizesOf(common))],
    attention: turnedAlike(common).map((alike) => ({ ...alike, ...windowOf(type, window) })),
    ggufInterleaved: true,
  });
}
