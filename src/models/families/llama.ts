import * as v from 'valibot';
import type { ModelSpec } from '../spec';
import { parseCommon, parseConfig, plainSpec, sizesOf, turnedAlike } from './common';
import type { Family } from './family';
import { rotaryOf } from './rotary';

const Llama = v.looseObject({ mlp_bias: v.nullish(v.boolean()) });

/**
 * Llama 2 and 3 and models with the same architecture: TinyLlama, Yi, SmolLM2. `attention_bias` gives all four
 * attention maps a bias. GGUF files of Mistral have the architecture llama too, with a window. `pretraining_tp` only
 * divides products into slices, and is not read.
 */
export const llama: Family = {
  name: 'llama',
  label: 'Llama',
  architecture: 'LlamaForCausalLM',
  spec,
  gguf: {
    architecture: 'llama',
    modelType: 'llama',
    fields: ({ window }) =>
      window === undefined ? {} : { architectures: ['MistralForCausalLM'], model_type: 'mistral' },
    computes: { biases: 'all', ropeFactors: true },
  },
};

function spec(config: unknown): ModelSpec {
  const common = parseCommon(config);
  const { mlp_bias } = parseConfig(Llama, config);
  return plainSpec(common, {
    family: llama.name,
    qkvBias: common.attention_bias ?? false,
    outputBias: common.attention_bias ?? false,
    mlpBias: mlp_bias ?? false,
    rotary: [rotaryOf(common, sizesOf(common))],
    attention: turnedAlike(common),
    ggufInterleaved: true,
  });
}
