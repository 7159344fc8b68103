import * as v from 'valibot';
import type { ModelSpec } from '../spec';
import { parseCommon, parseConfig, plainSpec, requireNeutral, sizesOf, turnedAlike } from './common';
import type { Family } from './family';
import { rotaryOf } from './rotary';

const Ernie = v.looseObject({ use_bias: v.nullish(v.boolean()) });

/** ERNIE 4.5, the dense models: the rotary embedding turns neighbouring elements of a head as a pair. */
export const ernie45: Family = {
  name: 'ernie4_5',
  label: 'ERNIE 4.5',
  architecture: 'Ernie4_5ForCausalLM',
  spec,
  gguf: {
    architecture: 'ernie4_5',
    modelType: 'ernie4_5',
    fields: ({ bias }) => ({ use_bias: bias }),
  },
};

function spec(config: unknown): ModelSpec {
  const common = parseCommon(config, {
    num_key_value_heads: 2,
    head_dim: 128,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
  });
  const { use_bias } = parseConfig(Ernie, config);
  requireNeutral(common, 'compression_ratio', 1);
  const bias = use_bias ?? false;
  return plainSpec(common, {
    family: ernie45.name,
    qkvBias: bias,
    outputBias: bias,
    mlpBias: bias,
    rotary: [rotaryOf(common, { ...sizesOf(common), theta: 500_000, interleaved: true })],
    attention: turnedAlike(common),
  });
}
