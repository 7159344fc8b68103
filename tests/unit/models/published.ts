/** config.json of models as published, as far as arithmetic and sizes depend on it, and their parameters. */

interface PublishedModel {
  readonly config: Readonly<Record<string, unknown>>;
  readonly parameters: number;
}

const QWEN2 = {
  architectures: ['Qwen2ForCausalLM'],
  torch_dtype: 'bfloat16',
  vocab_size: 151936,
  max_position_embeddings: 32768,
  rms_norm_eps: 1e-6,
  rope_theta: 1_000_000,
  sliding_window: 32768,
  use_sliding_window: false,
  tie_word_embeddings: true,
};

const GEMMA3 = {
  architectures: ['Gemma3ForCausalLM'],
  torch_dtype: 'bfloat16',
  vocab_size: 262144,
  max_position_embeddings: 32768,
  num_attention_heads: 4,
  num_key_value_heads: 1,
  head_dim: 256,
  hidden_activation: 'gelu_pytorch_tanh',
  query_pre_attn_scalar: 256,
  rms_norm_eps: 1e-6,
  rope_theta: 1_000_000,
  rope_local_base_freq: 10_000,
  sliding_window: 512,
  sliding_window_pattern: 6,
};

export const PUBLISHED = {
  'Qwen2.5-0.5B': {
    config: {
      ...QWEN2,
      hidden_size: 896,
      intermediate_size: 4864,
      num_hidden_layers: 24,
      num_attention_heads: 14,
      num_key_value_heads: 2,
    },
    parameters: 494_032_768,
  },
  'Qwen2.5-1.5B': {
    config: {
      ...QWEN2,
      hidden_size: 1536,
      intermediate_size: 8960,
      num_hidden_layers: 28,
      num_attention_heads: 12,
      num_key_value_heads: 2,
    },
    parameters: 1_543_714_304,
  },
  'Llama-3.2-1B': {
    config: {
      architectures: ['LlamaForCausalLM'],
      torch_dtype: 'bfloat16',
      vocab_size: 128256,
      hidden_size: 2048,
      intermediate_size: 8192,
      num_hidden_layers: 16,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      head_dim: 64,
      max_position_embeddings: 131072,
      rms_norm_eps: 1e-5,
      rope_theta: 500_000,
      rope_scaling: {
        rope_type: 'llama3',
        factor: 32,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 8192,
      },
      tie_word_embeddings: true,
    },
    parameters: 1_235_814_400,
  },
  'SmolLM2-135M': {
    config: {
      architectures: ['LlamaForCausalLM'],
      torch_dtype: 'bfloat16',
      vocab_size: 49152,
      hidden_size: 576,
      intermediate_size: 1536,
      num_hidden_layers: 30,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      max_position_embeddings: 8192,
      rms_norm_eps: 1e-5,
      rope_theta: 100_000,
      tie_word_embeddings: true,
    },
    parameters: 134_515_008,
  },
  'gemma-3-270m': {
    config: { ...GEMMA3, hidden_size: 640, intermediate_size: 2048, num_hidden_layers: 18 },
    parameters: 268_098_176,
  },
  'gemma-3-1b': {
    config: { ...GEMMA3, hidden_size: 1152, intermediate_size: 6912, num_hidden_layers: 26 },
    parameters: 999_885_952,
  },
  'Qwen3-0.6B': {
    config: {
      architectures: ['Qwen3ForCausalLM'],
      torch_dtype: 'bfloat16',
      vocab_size: 151936,
      hidden_size: 1024,
      intermediate_size: 3072,
      num_hidden_layers: 28,
      num_attention_heads: 16,
      num_key_value_heads: 8,
      head_dim: 128,
      max_position_embeddings: 40960,
      rms_norm_eps: 1e-6,
      rope_theta: 1_000_000,
      tie_word_embeddings: true,
    },
    parameters: 596_049_920,
  },
  'ERNIE-4.5-0.3B': {
    config: {
      architectures: ['Ernie4_5ForCausalLM'],
      torch_dtype: 'bfloat16',
      vocab_size: 103424,
      hidden_size: 1024,
      intermediate_size: 3072,
      num_hidden_layers: 18,
      num_attention_heads: 16,
      num_key_value_heads: 2,
      head_dim: 128,
      max_position_embeddings: 131072,
      rms_norm_eps: 1e-5,
      rope_theta: 500_000,
      use_bias: false,
      tie_word_embeddings: true,
    },
    parameters: 360_748_032,
  },
  'glm-edge-1.5b': {
    config: {
      architectures: ['GlmForCausalLM'],
      torch_dtype: 'bfloat16',
      vocab_size: 59264,
      hidden_size: 2048,
      intermediate_size: 6144,
      num_hidden_layers: 28,
      num_attention_heads: 16,
      num_key_value_heads: 4,
      head_dim: 128,
      attention_bias: false,
      partial_rotary_factor: 1,
      max_position_embeddings: 8192,
      rms_norm_eps: 1e-5,
      rope_theta: 10_000,
      tie_word_embeddings: false,
    },
    parameters: 1_593_427_968,
  },
} as const satisfies Readonly<Record<string, PublishedModel>>;

export type PublishedName = keyof typeof PUBLISHED;
export const PUBLISHED_NAMES = Object.keys(PUBLISHED) as readonly PublishedName[];
