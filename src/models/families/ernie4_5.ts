import * as v from 'valibot';
import type { ModelSpec } from '../spec';
import { parseCommon, parseConfig, plainSpec, requireNeutral } from './common';
import { rotaryOf } from './rotary';

const Ernie = v.looseObject({ use_bias: v.nullish(v.boolean()) });

/** ERNIE 4.5 (Ernie4_5ForCausalLM), the dense ones: neighbouring elements of a head are turned as a pair. */
export function ernie45Spec(config: unknown): ModelSpec {
  const common = parseCommon(config, {
    num_key_value_heads: 2,
    head_dim: 128,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
  });
  const { use_bias } = parseConfig(Ernie, config);
  requireNeutral(common, 'compression_ratio', 1);
  const spec = plainSpec(common);
  const bias = use_bias ?? false;
  return {
    ...spec,
    family: 'ernie4_5',
    qkvBias: bias,
    outputBias: bias,
    mlpBias: bias,
    rotary: [rotaryOf(common, { ...spec, theta: 500_000, interleaved: true })],
    attention: new Array(spec.layers).fill({ rotary: 0 }),
  };
}
