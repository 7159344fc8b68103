import { describe, expect, it } from 'vitest';
import { readSpec } from '../../../src/models/config';
import { ggufEntries } from '../../../src/models/gguf_entries';
import { ggufFolder } from '../../../src/models/gguf_folder';
import { checkpointTensors, type ModelSpec } from '../../../src/models/spec';
import { PUBLISHED } from './published';

const TOKENIZER: readonly [string, unknown][] = [
  ['tokenizer.ggml.model', 'gpt2'],
  ['tokenizer.ggml.pre', 'gpt-2'],
  ['tokenizer.ggml.tokens', ['a']],
  ['tokenizer.ggml.merges', []],
];

/** The spec of a model after its description went through the metadata of a GGUF file, whose floats have 32 bits. */
function readBack(spec: ModelSpec): ModelSpec {
  const { entries, ropeFactors } = ggufEntries(spec);
  const metadata = new Map<string, unknown>(TOKENIZER);
  for (const [key, entry] of entries) {
    if (entry.type === 'array') metadata.set(key, Array.from<unknown>(entry.values));
    else metadata.set(key, entry.type === 'f32' ? Math.fround(entry.value) : entry.value);
  }
  const tensors = new Map(checkpointTensors(spec).map(({ gguf = '', shape }) => [gguf, { shape }]));
  if (ropeFactors) tensors.set('rope_freqs.weight', { shape: [ropeFactors.length] });
  return readSpec(ggufFolder({ metadata, tensors, ropeFactors }).config);
}

/** All numbers rounded to float32 and the family left out: Mistral's files are Llama's. */
const plain = (spec: ModelSpec): unknown =>
  JSON.parse(
    JSON.stringify({ ...spec, family: '' }, (_, value: unknown) =>
      typeof value === 'number' ? Math.fround(value) : value,
    ),
  );

describe('the description of a model in a GGUF file', () => {
  it.each(Object.entries(PUBLISHED))('gives the same model again: %s', (_, { config }) => {
    const spec = readSpec(config);
    expect(plain(readBack(spec))).toEqual(plain(spec));
  });

  const CONFIG = {
    ...{
      hidden_size: 32,
      intermediate_size: 64,
      num_hidden_layers: 4,
      num_attention_heads: 4,
      vocab_size: 16,
    },
    ...{ num_key_value_heads: 2, head_dim: 8, max_position_embeddings: 512 },
  };

  it.each([
    ['SmolLM3ForCausalLM', { no_rope_layer_interval: 3 }, 'no_rope_layers'],
    ['Ernie4_5ForCausalLM', { use_bias: true }, 'o_proj.bias'],
    ['Qwen2ForCausalLM', { hidden_act: 'gelu' }, 'hidden_act'],
    ['Qwen2ForCausalLM', { head_dim: 16 }, 'head_dim'],
    [
      'Qwen3ForCausalLM',
      { rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 } },
      'rope_type',
    ],
    ['LlamaForCausalLM', { rope_scaling: { rope_type: 'yarn', factor: 4, truncate: false } }, 'truncate'],
    ['Gemma3ForCausalLM', { query_pre_attn_scalar: 24 }, 'query_pre_attn_scalar'],
    ['GlmForCausalLM', { num_attention_heads: 2 }, 'head_dim'],
  ])('does not exist for what llama.cpp computes otherwise: %s, %o', (architecture, more, field) => {
    const spec = readSpec({ ...CONFIG, architectures: [architecture], ...more });
    expect(() => ggufEntries(spec)).toThrow(
      expect.objectContaining({
        code: 'gguf_unrunnable',
        message: expect.stringContaining(field) as string,
      }) as Error,
    );
  });

  it('has the window as its context if llama.cpp knows none', () => {
    const spec = readSpec({ ...CONFIG, architectures: ['MistralForCausalLM'], sliding_window: 64 });
    const { entries, window } = ggufEntries(spec);
    expect(window).toBe(64);
    expect(entries.get('llama.context_length')).toEqual({ type: 'u32', value: 64 });
  });
});
