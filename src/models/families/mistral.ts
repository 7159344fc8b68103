import * as v from 'valibot';
import type { ModelSpec } from '../spec';
import { parseCommon, parseConfig, plainSpec } from './common';
import { size, unsupported } from './fields';
import { layerTypes, windowOf } from './layers';
import { rotaryOf } from './rotary';

const Mistral = v.looseObject({ sliding_window: v.nullish(size) });

/** Mistral (MistralForCausalLM): every layer has the window, which is 4096 unless given and absent where it is null. */
export function mistralSpec(config: unknown): ModelSpec {
  const common = parseCommon(config, { num_key_value_heads: 8 });
  const { sliding_window } = parseConfig(Mistral, { sliding_window: 4096, ...common });
  const spec = plainSpec(common);
  const window = sliding_window ?? undefined;
  const type = window === undefined ? 'full_attention' : 'sliding_attention';
  const other = layerTypes(common, () => type).find((given) => given !== type);
  if (other) throw unsupported('layer_types', other);
  return {
    ...spec,
    family: 'mistral',
    rotary: [rotaryOf(common, spec)],
    attention: new Array(spec.layers).fill({ ...windowOf(type, window), rotary: 0 }),
  };
}
