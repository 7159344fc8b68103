import * as v from 'valibot';
import type { ModelSpec } from '../spec';
import { parseCommon, parseConfig, plainSpec, sizesOf } from './common';
import type { Family } from './family';
import { size, unsupported } from './fields';
import { layerTypes, usedWindow, windowOf } from './layers';
import { rotaryOf } from './rotary';

const SmolLM3 = v.looseObject({
  mlp_bias: v.nullish(v.boolean()),
  no_rope_layers: v.nullish(v.array(v.picklist([0, 1]))),
  no_rope_layer_interval: v.optional(size, 4),
});

/**
 * SmolLM3: some layers have no rotary embedding: those with a 0 in `no_rope_layers`, or else every fourth
 * (`no_rope_layer_interval`). If a window is used, these layers have it unless `layer_types` says otherwise.
 */
export const smollm3: Family = {
  name: 'smollm3',
  label: 'SmolLM3',
  architecture: 'SmolLM3ForCausalLM',
  spec,
  gguf: {
    architecture: 'smollm3',
    modelType: 'smollm3',
    fields: () => ({ no_rope_layer_interval: 4 }),
    computes: { rotates: (layer) => (layer + 1) % 4 !== 0 },
  },
};

function spec(config: unknown): ModelSpec {
  const common = parseCommon(config, { num_key_value_heads: 4, tie_word_embeddings: true });
  const { mlp_bias, no_rope_layers, no_rope_layer_interval } = parseConfig(SmolLM3, config);
  if (no_rope_layers && no_rope_layers.length < common.num_hidden_layers) {
    throw unsupported('no_rope_layers', no_rope_layers);
  }
  const turned = (layer: number): boolean =>
    no_rope_layers ? no_rope_layers[layer] === 1 : (layer + 1) % no_rope_layer_interval !== 0;
  const window = usedWindow(common);
  const types = layerTypes(common, (layer) =>
    window !== undefined && !turned(layer) ? 'sliding_attention' : 'full_attention',
  );
  return plainSpec(common, {
    family: smollm3.name,
    qkvBias: common.attention_bias ?? false,
    outputBias: common.attention_bias ?? false,
    mlpBias: mlp_bias ?? false,
    rotary: [rotaryOf(common, { ...sizesOf(common), theta: 2_000_000 })],
    attention: types.map((type, layer) => ({
      ...windowOf(type, window),
      ...(turned(layer) && { rotary: 0 }),
    })),
    ggufInterleaved: true,
  });
}
