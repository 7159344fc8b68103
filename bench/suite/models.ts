import type { LoadSettings } from '../../src/core/settings/settings';
import { readSpec } from '../../src/models/config';
import { modelLayout, type ModelLayout } from '../../src/models/layout';
import { adapterLayout, type AdapterLayout } from '../../src/models/adapters/layout';
import type { AdapterSettings } from '../../src/models/adapters/settings';
import type { ModelSpec } from '../../src/models/spec';

/** The config.json of the measured models: the page's demo and four published models. */
const CONFIGS = {
  demo: {
    architectures: ['LlamaForCausalLM'],
    hidden_size: 192,
    intermediate_size: 512,
    num_hidden_layers: 5,
    num_attention_heads: 6,
    num_key_value_heads: 2,
    vocab_size: 1536,
    // The model was trained with 512 positions, but its arithmetic does not depend on that.
    max_position_embeddings: 4096,
    tie_word_embeddings: true,
  },
  'SmolLM2-135M': {
    architectures: ['LlamaForCausalLM'],
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    vocab_size: 49152,
    max_position_embeddings: 8192,
    tie_word_embeddings: true,
  },
  'Qwen2.5-0.5B': {
    architectures: ['Qwen2ForCausalLM'],
    hidden_size: 896,
    intermediate_size: 4864,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
    vocab_size: 151936,
    max_position_embeddings: 32768,
    tie_word_embeddings: true,
  },
  'Llama-3.2-1B': {
    architectures: ['LlamaForCausalLM'],
    hidden_size: 2048,
    intermediate_size: 8192,
    num_hidden_layers: 16,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    vocab_size: 128256,
    max_position_embeddings: 131072,
    tie_word_embeddings: true,
  },
  'Qwen2.5-1.5B': {
    architectures: ['Qwen2ForCausalLM'],
    hidden_size: 1536,
    intermediate_size: 8960,
    num_hidden_layers: 28,
    num_attention_heads: 12,
    num_key_value_heads: 2,
    vocab_size: 151936,
    max_position_embeddings: 32768,
    tie_word_embeddings: true,
  },
} as const;

export type ModelName = keyof typeof CONFIGS;
export const MODELS = Object.keys(CONFIGS) as ModelName[];

export const LOAD: LoadSettings = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' };

/** The adapter of every measurement: rank 16 on all linear maps. */
export const LORA: AdapterSettings = {
  r: 16,
  lora_alpha: 32,
  lora_dropout: 0,
  use_rslora: false,
  target_modules: 'all-linear',
};

/** The config.json of a model, with `layers` layers if given. */
export function configOf(name: ModelName, layers?: number): Readonly<Record<string, unknown>> {
  const config = CONFIGS[name];
  return layers === undefined ? config : { ...config, num_hidden_layers: layers };
}

export interface Layouts {
  readonly spec: ModelSpec;
  readonly model: ModelLayout;
  readonly adapter: AdapterLayout;
}

/** The layouts of a model and its adapter on a device: 4 bits a weight in the blocks, bfloat16 for the embedding. */
export function layoutsOf(name: ModelName, maxBinding: number, layers?: number): Layouts {
  const spec = readSpec(configOf(name, layers));
  return {
    spec,
    model: modelLayout(spec, () => 'bf16', LOAD, maxBinding),
    adapter: adapterLayout(spec, LORA),
  };
}
