import { describe, expect, test } from 'vitest';
import { readSpec } from '../../../src/models/config';
import { checkpointTensors, parameterCount } from '../../../src/models/spec';

const base = {
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 128,
  vocab_size: 320,
  max_position_embeddings: 256,
  rms_norm_eps: 1e-5,
};
const llama = { ...base, architectures: ['LlamaForCausalLM'] };
const qwen2 = { ...base, architectures: ['Qwen2ForCausalLM'] };
const qwen3 = { ...base, architectures: ['Qwen3ForCausalLM'], head_dim: 32 };

test('the families differ in biases, norms and head size', () => {
  expect(readSpec(llama)).toMatchObject({ family: 'llama', qkvBias: false, qkNorm: false, headDim: 16 });
  expect(readSpec(qwen2)).toMatchObject({ family: 'qwen2', qkvBias: true, outputBias: false, headDim: 16 });
  expect(readSpec(qwen3)).toMatchObject({ family: 'qwen3', qkvBias: false, qkNorm: true, headDim: 32 });
  expect(readSpec({ ...qwen3, head_dim: undefined }).headDim).toBe(128);
});

test('theta and scaling are read from both places where they stand', () => {
  const scaling = {
    rope_type: 'llama3',
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 128,
  };
  const old = readSpec({ ...llama, rope_theta: 5e5, rope_scaling: scaling });
  const fresh = readSpec({ ...llama, rope_parameters: { ...scaling, rope_theta: 5e5 } });
  expect(old.rotary).toEqual(fresh.rotary);
  expect(old.rotary).toMatchObject({ theta: 5e5, scaling: { type: 'llama3', factor: 8 } });
});

describe('a field that changes the arithmetic is refused by name', () => {
  test.each([
    ['rope_scaling', { ...llama, rope_scaling: { rope_type: 'yarn', factor: 4 } }],
    ['rope_parameters', { ...llama, rope_parameters: { rope_type: 'dynamic', factor: 2 } }],
    ['hidden_act', { ...llama, hidden_act: 'relu' }],
    ['attention_dropout', { ...llama, attention_dropout: 0.1 }],
    ['pretraining_tp', { ...llama, pretraining_tp: 2 }],
    ['quantization_config', { ...llama, quantization_config: { quant_method: 'gptq' } }],
    ['partial_rotary_factor', { ...llama, partial_rotary_factor: 0.5 }],
    ['use_sliding_window', { ...qwen2, use_sliding_window: true }],
    ['layer_types', { ...qwen3, layer_types: ['full_attention', 'sliding_attention'] }],
    ['num_key_value_heads', { ...llama, num_key_value_heads: 3 }],
    ['head_dim', { ...llama, head_dim: 30 }],
  ])('%s', (field, config) => {
    expect(() => readSpec(config)).toThrow(field);
  });

  test('fields that change nothing pass', () => {
    const config = {
      ...qwen2,
      use_sliding_window: false,
      sliding_window: 4096,
      attention_dropout: 0,
      unsloth: true,
    };
    expect(readSpec(config).family).toBe('qwen2');
  });
});

test.each([
  [null, 'no architecture'],
  [{ architectures: ['GPT2LMHeadModel'] }, 'GPT2LMHeadModel'],
  [{ ...llama, hidden_size: 'big' }, 'hidden_size'],
  [{ ...llama, num_hidden_layers: 0 }, 'num_hidden_layers'],
])('what is no configuration is refused: %j', (config, message) => {
  expect(() => readSpec(config)).toThrow(message);
});

test('a tied head has no tensor of its own', () => {
  const names = (tied: boolean): string[] =>
    checkpointTensors(readSpec({ ...llama, tie_word_embeddings: tied })).map(({ name }) => name);
  expect(names(false)).toContain('lm_head.weight');
  expect(names(true)).not.toContain('lm_head.weight');
});

test('published configurations give the published sizes', () => {
  expect(parameterCount(readSpec(PUBLISHED['qwen2.5']))).toBe(494_032_768);
  expect(parameterCount(readSpec(PUBLISHED['qwen3']))).toBe(596_049_920);
});

const PUBLISHED: Readonly<Record<string, unknown>> = {
  'qwen2.5': {
    architectures: ['Qwen2ForCausalLM'],
    hidden_size: 896,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
    intermediate_size: 4864,
    vocab_size: 151_936,
    max_position_embeddings: 32_768,
    rms_norm_eps: 1e-6,
    rope_theta: 1e6,
    tie_word_embeddings: true,
  },
  qwen3: {
    architectures: ['Qwen3ForCausalLM'],
    hidden_size: 1024,
    num_hidden_layers: 28,
    num_attention_heads: 16,
    num_key_value_heads: 8,
    head_dim: 128,
    intermediate_size: 3072,
    vocab_size: 151_936,
    max_position_embeddings: 40_960,
    rms_norm_eps: 1e-6,
    rope_theta: 1e6,
    tie_word_embeddings: true,
  },
};
