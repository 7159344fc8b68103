import { readSpec } from '../../../src/models/config';
import type { ModelSpec } from '../../../src/models/spec';

/** A model whose linear maps all have different shapes. */
export const tinySpec: ModelSpec = readSpec({
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 96,
  hidden_size: 64,
  intermediate_size: 192,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 32,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
  hidden_act: 'silu',
  rope_theta: 10000,
  tie_word_embeddings: true,
});
