import { describe, expect, test } from 'vitest';
import { readSpec } from '../../../src/models/config';
import type { AttentionSettings } from '../../../src/models/layers/attention';
import {
  checkpointTensors,
  linearMaps,
  linearNames,
  parameterCount,
  withoutTowers,
} from '../../../src/models/spec';
import { attentionsOf, mlpsOf } from './layers';
import { PUBLISHED, PUBLISHED_NAMES } from './published';

const base = {
  hidden_size: 64,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 128,
  vocab_size: 320,
  max_position_embeddings: 256,
};
const llama = { ...base, architectures: ['LlamaForCausalLM'] };
const mistral = { ...base, architectures: ['MistralForCausalLM'] };
const qwen2 = { ...base, architectures: ['Qwen2ForCausalLM'] };
const qwen3 = { ...base, architectures: ['Qwen3ForCausalLM'] };
const smollm3 = { ...base, architectures: ['SmolLM3ForCausalLM'] };
const gemma3 = { ...base, architectures: ['Gemma3ForCausalLM'] };
const ernie = { ...base, architectures: ['Ernie4_5ForCausalLM'] };
const glm = { ...base, architectures: ['GlmForCausalLM'] };
const lfm2 = { ...base, architectures: ['Lfm2ForCausalLM'], full_attn_idxs: [1] };

const windows = (config: unknown): readonly (number | undefined)[] =>
  attentionsOf(readSpec(config)).map(({ window }) => window);
const tables = (config: unknown): readonly (number | undefined)[] =>
  attentionsOf(readSpec(config)).map(({ rotary }) => rotary);
const without = (config: Readonly<Record<string, unknown>>, ...fields: string[]): unknown =>
  Object.fromEntries(Object.entries(config).filter(([field]) => !fields.includes(field)));

describe('what Transformers takes for fields that are missing', () => {
  const attention = (config: Readonly<Record<string, unknown>>): AttentionSettings | undefined =>
    attentionsOf(readSpec(without(config, 'num_key_value_heads')))[0];

  test('heads and their size', () => {
    expect(attention(llama)).toMatchObject({ kvHeads: 4, headDim: 16, scale: 0.25 });
    expect(attention({ ...mistral, num_attention_heads: 8 })).toMatchObject({ kvHeads: 8, headDim: 8 });
    expect(attention(qwen2)).toMatchObject({ headDim: 16 });
    expect(attention(qwen3)).toMatchObject({ headDim: 128, scale: 128 ** -0.5 });
    expect(attention(smollm3)).toMatchObject({ kvHeads: 4, headDim: 16 });
    expect(attention(gemma3)).toMatchObject({ kvHeads: 4, headDim: 256, scale: 1 / 16 });
    expect(attention(ernie)).toMatchObject({ kvHeads: 2, headDim: 128 });
    expect(attention(glm)).toMatchObject({ kvHeads: 2, headDim: 128 });
  });

  test('a null is no missing field', () => {
    const spec = readSpec({ ...ernie, head_dim: null, num_key_value_heads: null });
    expect(attentionsOf(spec)[0]).toMatchObject({ headDim: 16, kvHeads: 4 });
    expect(windows({ ...mistral, sliding_window: null })).toEqual(new Array(4).fill(undefined));
  });

  test('tied heads and epsilons', () => {
    for (const config of [llama, mistral, qwen2, qwen3, glm]) expect(readSpec(config).tiedHead).toBe(false);
    for (const config of [smollm3, gemma3, ernie]) expect(readSpec(config).tiedHead).toBe(true);
    expect(readSpec({ ...gemma3, tie_word_embeddings: false }).tiedHead).toBe(false);
    expect(readSpec(qwen2).rmsNormEps).toBe(1e-6);
    expect(readSpec(ernie).rmsNormEps).toBe(1e-5);
    expect(readSpec(glm).rmsNormEps).toBe(1.5625e-7);
  });

  test('theta', () => {
    const thetas = (config: unknown): number[] => readSpec(config).rotary.map(({ theta }) => theta);
    for (const config of [llama, mistral, qwen2, qwen3, glm]) expect(thetas(config)).toEqual([10_000]);
    expect(thetas(smollm3)).toEqual([2_000_000]);
    expect(thetas(ernie)).toEqual([500_000]);
    expect(thetas(gemma3)).toEqual([1_000_000, 10_000]);
  });
});

test('biases', () => {
  const biases = (config: unknown): string[] =>
    checkpointTensors(readSpec(config))
      .map(({ name }) => name)
      .filter((name) => name.startsWith('model.layers.0.') && name.endsWith('.bias'))
      .map((name) => name.split('.').at(-2) ?? '');
  const qkv = ['q_proj', 'k_proj', 'v_proj'];
  const mlp = ['gate_proj', 'up_proj', 'down_proj'];
  for (const config of [llama, mistral, qwen3, smollm3, gemma3, ernie]) expect(biases(config)).toEqual([]);
  expect(biases(qwen2)).toEqual(qkv);
  expect(biases(glm)).toEqual(qkv);
  expect(biases({ ...glm, attention_bias: false })).toEqual([]);
  expect(biases({ ...llama, mlp_bias: true })).toEqual(mlp);
  expect(biases({ ...smollm3, mlp_bias: true })).toEqual(mlp);
  expect(biases({ ...ernie, use_bias: true })).toEqual([...qkv, 'o_proj', ...mlp]);
  for (const config of [llama, qwen3, smollm3, gemma3]) {
    expect(biases({ ...config, attention_bias: true })).toEqual([...qkv, 'o_proj']);
  }
});

describe('windows', () => {
  test('Mistral has one on every layer', () => {
    expect(windows(mistral)).toEqual([4096, 4096, 4096, 4096]);
    expect(windows({ ...mistral, sliding_window: 8 })).toEqual([8, 8, 8, 8]);
  });

  test('Qwen has one on the layers from max_window_layers on, where it is used', () => {
    const used = { ...qwen2, use_sliding_window: true, sliding_window: 8 };
    expect(windows({ ...used, max_window_layers: 3 })).toEqual([undefined, undefined, undefined, 8]);
    expect(windows({ ...used, max_window_layers: 3, use_sliding_window: false })).toEqual(
      new Array(4).fill(undefined),
    );
    expect(windows(used)).toEqual(new Array(4).fill(undefined));
    const layer_types = ['sliding_attention', 'full_attention', 'sliding_attention', 'full_attention'];
    for (const family of [used, { ...qwen3, use_sliding_window: true, sliding_window: 8 }]) {
      expect(windows({ ...family, layer_types })).toEqual([8, undefined, 8, undefined]);
    }
  });

  test('SmolLM3 has one on the layers that turn nothing', () => {
    const used = { ...smollm3, use_sliding_window: true, sliding_window: 8, no_rope_layers: [1, 0, 0, 1] };
    expect(windows(used)).toEqual([undefined, 8, 8, undefined]);
    expect(windows({ ...used, use_sliding_window: false })).toEqual(new Array(4).fill(undefined));
  });

  test('Gemma has one on all layers but every sixth', () => {
    const eight = { ...gemma3, num_hidden_layers: 8 };
    expect(windows({ ...eight, sliding_window: 8 })).toEqual([8, 8, 8, 8, 8, undefined, 8, 8]);
    expect(tables(eight)).toEqual([1, 1, 1, 1, 1, 0, 1, 1]);
    expect(windows({ ...gemma3, sliding_window_pattern: 2 })).toEqual([4096, undefined, 4096, undefined]);
    const layer_types = ['full_attention', 'sliding_attention', 'full_attention', 'full_attention'];
    expect(windows({ ...gemma3, layer_types })).toEqual([undefined, 4096, undefined, undefined]);
    expect(tables({ ...gemma3, layer_types })).toEqual([0, 1, 0, 0]);
  });
});

describe('rotary embeddings', () => {
  const scaling = {
    rope_type: 'llama3',
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 128,
  };

  test('theta and scaling are read from both places where they stand', () => {
    const old = readSpec({ ...llama, rope_theta: 5e5, rope_scaling: scaling });
    const fresh = readSpec({ ...llama, rope_parameters: { ...scaling, rope_theta: 5e5 } });
    expect(old.rotary).toEqual(fresh.rotary);
    expect(old.rotary).toMatchObject([{ theta: 5e5, dim: 16, scaling: { type: 'llama3', factor: 8 } }]);
  });

  test('rope_scaling counts where rope_parameters is there too', () => {
    const both = { ...llama, rope_scaling: { type: 'linear', factor: 2 }, rope_parameters: scaling };
    expect(readSpec(both).rotary[0]?.scaling).toEqual({ type: 'linear', factor: 2 });
  });

  test('dynamic scaling changes nothing up to max_position_embeddings, and no sequence is longer', () => {
    const dynamic = readSpec({ ...llama, rope_scaling: { type: 'dynamic', factor: 4 } });
    expect(dynamic).toEqual(readSpec(llama));
    expect(dynamic.maxPositions).toBe(256);
  });

  test('YaRN fills in what is not said', () => {
    const yarn = (more: object): unknown =>
      readSpec({ ...qwen2, rope_scaling: { type: 'yarn', factor: 4, ...more } }).rotary[0]?.scaling;
    expect(yarn({ original_max_position_embeddings: 64 })).toEqual({
      type: 'yarn',
      factor: 4,
      original_max_position_embeddings: 64,
      attention_factor: 0.1 * Math.log(4) + 1,
      beta_fast: 32,
      beta_slow: 1,
      truncate: true,
    });
    expect(yarn({})).toMatchObject({ original_max_position_embeddings: 256 });
    expect(yarn({ factor: null, original_max_position_embeddings: 64 })).toMatchObject({ factor: 4 });
    expect(yarn({ attention_factor: 1.5, beta_fast: 16, beta_slow: 2, truncate: false })).toMatchObject({
      attention_factor: 1.5,
      beta_fast: 16,
      beta_slow: 2,
      truncate: false,
    });
    expect(yarn({ mscale: 0.707, mscale_all_dim: 1, factor: 40 })).toMatchObject({
      attention_factor: expect.closeTo(0.9210423553163399, 14) as number,
    });
  });

  test('SmolLM3 leaves every fourth layer alone, or those that it names', () => {
    expect(tables(smollm3)).toEqual([0, 0, 0, undefined]);
    expect(tables({ ...smollm3, no_rope_layer_interval: 2 })).toEqual([0, undefined, 0, undefined]);
    expect(tables({ ...smollm3, no_rope_layers: [0, 1, 1, 1] })).toEqual([undefined, 0, 0, 0]);
  });

  test('ERNIE and GLM turn neighbours, GLM in a part of the head', () => {
    expect(readSpec({ ...ernie, head_dim: 32 }).rotary).toEqual([
      { theta: 500_000, dim: 32, interleaved: true },
    ]);
    expect(readSpec({ ...glm, head_dim: 32 }).rotary).toEqual([
      { theta: 10_000, dim: 16, interleaved: true },
    ]);
    expect(readSpec({ ...glm, head_dim: 32, partial_rotary_factor: 0.25 }).rotary[0]?.dim).toBe(8);
    expect(readSpec({ ...glm, rope_parameters: { partial_rotary_factor: 1 } }).rotary[0]?.dim).toBe(128);
  });

  test('Gemma reads them by layer type, or with rope_local_base_freq', () => {
    const old = readSpec({
      ...gemma3,
      rope_theta: 5e5,
      rope_local_base_freq: 2e4,
      rope_scaling: { rope_type: 'linear', factor: 8 },
    });
    const fresh = readSpec({
      ...gemma3,
      rope_parameters: {
        full_attention: { rope_type: 'linear', factor: 8, rope_theta: 5e5 },
        sliding_attention: { rope_type: 'default', rope_theta: 2e4 },
      },
    });
    expect(old.rotary).toEqual(fresh.rotary);
    expect(old.rotary).toEqual([
      { theta: 5e5, dim: 256, interleaved: false, scaling: { type: 'linear', factor: 8 } },
      { theta: 2e4, dim: 256, interleaved: false },
    ]);
  });
});

test('Gemma has norms before and after, of 1 + w, and scaled embeddings', () => {
  const spec = readSpec({ ...gemma3, query_pre_attn_scalar: 64 });
  expect(spec).toMatchObject({ normOffset: 1, embeddingScale: 8 });
  expect(attentionsOf(spec)[0]).toMatchObject({ scale: 1 / 8, headNormEps: 1e-6 });
  expect(mlpsOf(spec)[0]).toMatchObject({ activation: 'gelu_pytorch_tanh' });
  const norms = checkpointTensors(spec).filter(({ name }) => name.includes('norm'));
  expect(norms).toHaveLength(4 * 6 + 1);
  expect(norms.every(({ add }) => add === 1)).toBe(true);
  expect(checkpointTensors(readSpec(llama)).every(({ add }) => add === undefined)).toBe(true);
});

describe('LFM2', () => {
  const kinds = (config: unknown): string[] =>
    readSpec(config).blocks.map(([first]) => first?.layer.kind ?? '');
  const size = (more: object): number | undefined =>
    mlpsOf(readSpec({ ...lfm2, ...more }))[0]?.intermediateSize;

  test('has attention where full_attn_idxs or layer_types say so, else everywhere', () => {
    const conv = 'short_convolution';
    expect(kinds(lfm2)).toEqual([conv, 'attention', conv, conv]);
    const layer_types = ['conv', 'conv', 'full_attention', 'conv'];
    expect(kinds({ ...lfm2, layer_types })).toEqual([conv, conv, 'attention', conv]);
    expect(kinds({ ...lfm2, full_attn_idxs: null })).toEqual(new Array(4).fill('attention'));
  });

  test('works out the size of its MLP as Transformers does', () => {
    expect(size({ intermediate_size: 1000 })).toBe(768);
    expect(size({ intermediate_size: 1000, block_multiple_of: 64 })).toBe(704);
    expect(size({ intermediate_size: 1000, block_multiple_of: 64, block_ffn_dim_multiplier: 0.5 })).toBe(384);
    expect(size({ intermediate_size: 1000, block_ffn_dim_multiplier: null })).toBe(666);
    expect(size({ intermediate_size: 1000, block_auto_adjust_ff_dim: false })).toBe(1000);
    expect(size({ intermediate_size: 8, block_ff_dim: 1000, block_auto_adjust_ff_dim: false })).toBe(1000);
  });

  test('names its linear maps, which all may have an adapter', () => {
    const names = ['in_proj', 'out_proj', 'w1', 'w3', 'w2', 'q_proj', 'k_proj', 'v_proj'];
    expect(linearNames(readSpec(lfm2))).toEqual(names);
  });

  test('ties its head unless an older name of the field says not to', () => {
    expect(readSpec(lfm2).tiedHead).toBe(true);
    expect(readSpec({ ...lfm2, tie_embedding: false }).tiedHead).toBe(false);
  });
});

describe('Gemma 3 with a tower for images', () => {
  const architectures = ['Gemma3ForConditionalGeneration'];
  /** config.json of gemma-3-4b-it, as far as the text depends on it. */
  const text_config = {
    hidden_size: 2560,
    intermediate_size: 10_240,
    model_type: 'gemma3_text',
    num_hidden_layers: 34,
    rope_scaling: { factor: 8, rope_type: 'linear' },
    sliding_window: 1024,
  };
  const spec = readSpec({ architectures, model_type: 'gemma3', text_config, vision_config: {} });

  test('is what its text_config says, and Transformers takes for granted', () => {
    // The language model of Gemma3ForConditionalGeneration by Transformers, on its meta device.
    expect(parameterCount(spec)).toBe(3_880_263_168);
    expect(attentionsOf(spec)[0]).toMatchObject({ heads: 8, kvHeads: 4, headDim: 256, window: 1024 });
    expect(attentionsOf(spec)[5]).not.toHaveProperty('window');
    expect(spec).toMatchObject({ vocabularySize: 262_208, maxPositions: 131_072, tiedHead: true });
    expect(spec.rotary).toMatchObject([{ theta: 1e6, scaling: { factor: 8 } }, { theta: 1e4 }]);
  });

  test('has its maps where PEFT finds them, and its head tied as the outer file says', () => {
    expect(linearMaps(spec)[0]?.path).toBe('model.language_model.layers.0.self_attn.q_proj');
    const untied = readSpec({ architectures, text_config, tie_word_embeddings: false });
    expect(untied.tiedHead).toBe(false);
    expect(checkpointTensors(untied).at(-1)?.name).toBe('lm_head.weight');
  });

  test('takes the names of old and new checkpoints, and leaves the tower aside', () => {
    const names = [
      'language_model.model.layers.0.self_attn.q_proj.weight',
      'language_model.lm_head.weight',
      'model.language_model.norm.weight',
      'vision_tower.vision_model.post_layernorm.bias',
      'model.vision_tower.vision_model.post_layernorm.weight',
      'multi_modal_projector.mm_input_projection_weight',
    ];
    const own = withoutTowers(spec, new Map(names.map((name) => [name, name])));
    expect([...own.keys()]).toEqual([
      'model.language_model.layers.0.self_attn.q_proj.weight',
      'lm_head.weight',
      'model.language_model.norm.weight',
    ]);
    expect(own.get('lm_head.weight')).toBe('language_model.lm_head.weight');
  });

  test('is refused without a text_config', () => {
    expect(() => readSpec({ ...base, architectures })).toThrow('text_config');
  });
});

test('GLM has one map for gate and values', () => {
  const tensors = checkpointTensors(readSpec(glm));
  const { shape } = tensors.find(({ name }) => name === 'model.layers.0.mlp.gate_up_proj.weight') ?? {};
  expect(shape).toEqual([256, 64]);
  expect(tensors.some(({ name }) => name.endsWith('.up_proj.weight'))).toBe(false);
});

describe('a field that changes the arithmetic is refused by name', () => {
  const sliding = ['full_attention', 'full_attention', 'full_attention', 'sliding_attention'];
  const chunked = ['full_attention', 'full_attention', 'full_attention', 'chunked_attention'];
  test.each([
    ['rope_scaling.rope_type = "longrope"', { ...llama, rope_scaling: { rope_type: 'longrope', factor: 4 } }],
    ['rope_scaling.rope_type = "su"', { ...llama, rope_scaling: { type: 'su', factor: 4 } }],
    [
      'rope_parameters.rope_type = "proportional"',
      { ...llama, rope_parameters: { rope_type: 'proportional' } },
    ],
    ['rope_scaling.factor', { ...llama, rope_scaling: { rope_type: 'linear' } }],
    ['rope_scaling.low_freq_factor', { ...llama, rope_scaling: { rope_type: 'llama3', factor: 8 } }],
    ['rope_parameters', { ...qwen3, rope_parameters: { full_attention: { rope_type: 'default' } } }],
    ['hidden_act', { ...llama, hidden_act: 'relu' }],
    ['hidden_activation', { ...gemma3, hidden_activation: 'relu2' }],
    ['partial_rotary_factor', { ...llama, partial_rotary_factor: 0.5 }],
    ['partial_rotary_factor', { ...qwen2, rope_parameters: { partial_rotary_factor: 0.5 } }],
    ['partial_rotary_factor', { ...glm, head_dim: 20, partial_rotary_factor: 0.55 }],
    ['num_key_value_heads', { ...llama, num_key_value_heads: 3 }],
    ['head_dim', { ...llama, head_dim: 30 }],
    ['head_dim', { ...llama, head_dim: 512 }],
    ['layer_types', { ...qwen3, layer_types: sliding }],
    ['layer_types', { ...qwen3, use_sliding_window: true, layer_types: chunked }],
    ['layer_types', { ...qwen3, layer_types: ['full_attention'] }],
    ['layer_types', { ...mistral, layer_types: sliding }],
    ['layer_types', { ...smollm3, layer_types: sliding }],
    ['no_rope_layers', { ...smollm3, no_rope_layers: [1, 0] }],
    ['attn_logit_softcapping', { ...gemma3, attn_logit_softcapping: 50 }],
    ['final_logit_softcapping', { ...gemma3, final_logit_softcapping: 30 }],
    ['use_bidirectional_attention', { ...gemma3, use_bidirectional_attention: true }],
    ['compression_ratio', { ...ernie, compression_ratio: 2 }],
    ['layer_types', { ...lfm2, layer_types: ['conv', 'conv', 'conv', 'sliding_attention'] }],
    ['layer_types', { ...lfm2, layer_types: ['conv'] }],
    ['clip_qkv', { ...mistral, clip_qkv: 8 }],
    ['logit_scale', { ...llama, logit_scale: 0.0625 }],
    ['residual_multiplier', { ...llama, residual_multiplier: 0.22 }],
    ['num_local_experts', { ...mistral, num_local_experts: 8 }],
    ['num_experts', { ...qwen2, num_experts: 60 }],
    ['is_causal', { ...qwen3, is_causal: false }],
  ])('%s', (field, config) => {
    expect(() => readSpec(config)).toThrow(field);
  });

  test('fields that change nothing pass', () => {
    const config = {
      ...qwen2,
      use_sliding_window: false,
      sliding_window: 4096,
      attention_dropout: 0.1,
      rope_scaling: null,
      rope_parameters: { rope_type: 'default', rope_theta: 1e6, partial_rotary_factor: 1 },
      quantization_config: { quant_method: 'gptq' },
      unsloth: true,
    };
    expect(readSpec(config).family).toBe('qwen2');
  });
});

test.each([
  [null, 'no architecture'],
  [{ architectures: ['GPT2LMHeadModel'] }, 'GPT2LMHeadModel'],
  [{ ...base, architectures: ['constructor'] }, 'asks for constructor'],
  [{ ...llama, hidden_size: 'big' }, 'hidden_size'],
  [{ ...llama, num_hidden_layers: 0 }, 'num_hidden_layers'],
  [{ ...gemma3, rope_parameters: { rope_theta: 1e4 } }, 'rope_parameters'],
])('what is no configuration is refused: %j', (config, message) => {
  expect(() => readSpec(config)).toThrow(message);
});

test('a tied head has no tensor of its own', () => {
  const names = (tied: boolean): string[] =>
    checkpointTensors(readSpec({ ...llama, tie_word_embeddings: tied })).map(({ name }) => name);
  expect(names(false)).toContain('lm_head.weight');
  expect(names(true)).not.toContain('lm_head.weight');
});

test('a spec is plain JSON but for methods', () => {
  for (const config of [llama, mistral, qwen2, qwen3, smollm3, gemma3, ernie, glm, lfm2]) {
    const spec = readSpec(config);
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  }
});

describe('published configurations give the published sizes', () => {
  test.each(PUBLISHED_NAMES)('%s', (name) => {
    const { config, parameters } = PUBLISHED[name];
    expect(parameterCount(readSpec(config))).toBe(parameters);
  });

  const large = {
    'TinyLlama-1.1B': [
      {
        architectures: ['LlamaForCausalLM'],
        hidden_size: 2048,
        intermediate_size: 5632,
        num_hidden_layers: 22,
        num_attention_heads: 32,
        num_key_value_heads: 4,
        vocab_size: 32_000,
        max_position_embeddings: 2048,
        rms_norm_eps: 1e-5,
        pretraining_tp: 2,
      },
      1_100_048_384,
    ],
    'LFM2-350M': [
      {
        architectures: ['Lfm2ForCausalLM'],
        hidden_size: 1024,
        block_ff_dim: 6656,
        block_auto_adjust_ff_dim: true,
        block_ffn_dim_multiplier: 1,
        block_multiple_of: 256,
        conv_L_cache: 3,
        conv_bias: false,
        full_attn_idxs: [2, 5, 8, 10, 12, 14],
        num_hidden_layers: 16,
        num_attention_heads: 16,
        num_key_value_heads: 8,
        vocab_size: 65_536,
        max_position_embeddings: 128_000,
        norm_eps: 1e-5,
        rope_theta: 1_000_000,
      },
      354_483_968,
    ],
    'Yi-6B': [
      {
        architectures: ['LlamaForCausalLM'],
        hidden_size: 4096,
        intermediate_size: 11_008,
        num_hidden_layers: 32,
        num_attention_heads: 32,
        num_key_value_heads: 4,
        vocab_size: 64_000,
        max_position_embeddings: 4096,
        rms_norm_eps: 1e-5,
        rope_theta: 5_000_000,
      },
      6_061_035_520,
    ],
    'Mistral-7B': [
      {
        architectures: ['MistralForCausalLM'],
        hidden_size: 4096,
        intermediate_size: 14_336,
        num_hidden_layers: 32,
        num_attention_heads: 32,
        num_key_value_heads: 8,
        vocab_size: 32_000,
        max_position_embeddings: 32_768,
        rms_norm_eps: 1e-5,
        rope_theta: 10_000,
        sliding_window: 4096,
      },
      7_241_732_096,
    ],
    'SmolLM3-3B': [
      {
        architectures: ['SmolLM3ForCausalLM'],
        hidden_size: 2048,
        intermediate_size: 11_008,
        num_hidden_layers: 36,
        num_attention_heads: 16,
        num_key_value_heads: 4,
        vocab_size: 128_256,
        max_position_embeddings: 65_536,
        rms_norm_eps: 1e-6,
        rope_theta: 5_000_000,
        no_rope_layer_interval: 4,
        no_rope_layers: Array.from({ length: 36 }, (_, layer) => (layer % 4 === 3 ? 0 : 1)),
        layer_types: new Array<string>(36).fill('full_attention'),
        sliding_window: null,
        use_sliding_window: false,
        pretraining_tp: 2,
      },
      3_075_098_624,
    ],
    'GLM-4-9B': [
      {
        architectures: ['GlmForCausalLM'],
        hidden_size: 4096,
        intermediate_size: 13_696,
        num_hidden_layers: 40,
        num_attention_heads: 32,
        num_key_value_heads: 2,
        head_dim: 128,
        vocab_size: 151_552,
        max_position_embeddings: 131_072,
        rms_norm_eps: 1.5625e-7,
        partial_rotary_factor: 0.5,
        attention_bias: true,
      },
      9_399_951_360,
    ],
  } as const;
  test.each(Object.entries(large))('%s', (_, [config, parameters]) => {
    expect(parameterCount(readSpec(config))).toBe(parameters);
  });
});
