import { describe, expect, test } from 'vitest';
import { adviceMessage } from '../../../../src/core/advice';
import { inEnglish } from '../../../../src/core/messages/english';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { expectedForms } from '../../../../src/models/stored/expected_forms';
import { readSpec } from '../../../../src/models/config';
import { estimateModel } from '../../../../src/session/models/estimate';
import { PUBLISHED, PUBLISHED_NAMES } from '../../models/published';

const LOAD = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' } as const;
const SETTINGS = {
  ...DEFAULTS,
  gradient_checkpointing: true,
  max_seq_length: 512,
  per_device_train_batch_size: 2,
};
/** A graphics card as Chrome shows one of the last years. */
const DESKTOP = {
  maxBufferSize: 2 ** 31,
  maxStorageBufferBindingSize: 2 ** 31 - 4,
  maxComputeWorkgroupsPerDimension: 65535,
};
const SMALLEST = { ...DESKTOP, maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 };

const filesOf = (bytes: number) => [
  { path: 'config.json', size: 700 },
  { path: 'tokenizer.json', size: 7_000_000 },
  { path: 'model.safetensors', size: bytes },
];

describe('estimateModel', () => {
  test.each(PUBLISHED_NAMES)('%s fits a desktop, its numbers those of its card', (name) => {
    const { config, parameters } = PUBLISHED[name];
    const preview = estimateModel(config, filesOf(2 * parameters), LOAD, SETTINGS, DESKTOP);
    expect(preview).toMatchObject({ parameters, fits: true, level: 'yes', advice: [], notes: [] });
    expect(preview.downloadBytes).toBe(2 * parameters + 7_000_700);
    const { base, adapter, gradients, moments, activations, inputs, cache, chat } = preview.memory;
    const parts = [base, adapter, gradients, moments, activations, inputs, cache, chat];
    expect(parts.every((bytes) => bytes !== undefined && bytes > 0)).toBe(true);
    expect(preview.memoryTotal).toBe(parts.reduce((sum = 0, bytes = 0) => sum + bytes, 0));
    // Half a byte and the scales for most, two for the embedding: between the two.
    expect(base).toBeGreaterThan(0.5 * parameters);
    expect(base).toBeLessThan(2 * parameters);
    expect(preview.storageNeeded).toBeGreaterThan(preview.downloadBytes + 0.5 * parameters);
  });

  test('names the settings that would make a batch fit the smallest device, with their numbers', () => {
    const { config, parameters } = PUBLISHED['Llama-3.2-1B'];
    const settings = { ...SETTINGS, max_seq_length: 1024, per_device_train_batch_size: 32 };
    const preview = estimateModel(config, filesOf(2 * parameters), LOAD, settings, SMALLEST);
    expect(preview).toMatchObject({ level: 'no', fits: false, memoryTotal: 0 });
    const words = preview.advice.map((each) => inEnglish(adviceMessage(each)));
    expect(words[0]).toMatch(/^Batches of 32,768 tokens need \d+ MB in one piece/);
    const named = words.slice(1).map((text) => /^(\w+) = (\d+)/.exec(text)?.slice(1) ?? []);
    expect(named.map(([name]) => name)).toEqual(['per_device_train_batch_size', 'max_seq_length']);
    for (const [name = '', value] of named) {
      const changed = { ...settings, [name]: Number(value) };
      const { fits } = estimateModel(config, filesOf(2 * parameters), LOAD, changed, SMALLEST);
      expect(fits, `${name} = ${value}`).toBe(true);
    }
  });

  test('advises 4 bits where the base is what is too large, and knows a smaller dtype', () => {
    const { config, parameters } = PUBLISHED['Qwen2.5-1.5B'];
    const load = { ...LOAD, load_in_4bit: false, dtype: 'float32' as const };
    const preview = estimateModel(config, filesOf(2 * parameters), load, SETTINGS, DESKTOP);
    expect(preview.level).toBe('tight');
    const words = preview.advice.map((each) => inEnglish(adviceMessage(each)));
    expect(words.some((text) => text.startsWith('load_in_4bit = true: '))).toBe(true);
    expect(words.some((text) => text.startsWith('dtype = float16: '))).toBe(true);
  });

  test('says where the model takes shorter texts than the settings allow', () => {
    const { config, parameters } = PUBLISHED['Qwen2.5-0.5B'];
    const positions = 512;
    const notesFor = (max_seq_length: number) =>
      estimateModel(
        { ...config, max_position_embeddings: positions },
        filesOf(2 * parameters),
        LOAD,
        { ...SETTINGS, max_seq_length },
        DESKTOP,
      ).notes.map(inEnglish);
    expect(notesFor(positions)).toEqual([]);
    expect(notesFor(positions + 1)).toEqual([
      'This model takes at most 512 tokens: max_seq_length = 513 counts as 512.',
    ]);
  });

  test('refuses what readSpec refuses, and unknown quantisations by name', () => {
    expect(() => estimateModel({ architectures: ['BertModel'] }, [], LOAD, SETTINGS, DESKTOP)).toThrow(
      'BertModel',
    );
    const config = { ...PUBLISHED['SmolLM2-135M'].config, quantization_config: { quant_method: 'fp8' } };
    expect(() => estimateModel(config, [], LOAD, SETTINGS, DESKTOP)).toThrow('fp8');
  });

  test('counts a published quantisation as it will lie on the device', () => {
    const { config, parameters } = PUBLISHED['Qwen2.5-0.5B'];
    const of = (quantization_config: unknown) =>
      estimateModel({ ...config, quantization_config }, filesOf(4e8), LOAD, SETTINGS, DESKTOP);
    const plain = estimateModel(config, filesOf(2 * parameters), LOAD, SETTINGS, DESKTOP);
    const nf4 = of({
      quant_method: 'bitsandbytes',
      load_in_4bit: true,
      bnb_4bit_quant_type: 'nf4',
      bnb_4bit_use_double_quant: true,
    });
    expect(nf4.memory['base']).toBe(plain.memory['base']);
    expect(nf4.quantized).toBe('NF4 (bitsandbytes)');
    const gptq = of({ quant_method: 'gptq', bits: 4, group_size: 128, desc_act: false, sym: true });
    const awq = of({ quant_method: 'awq', bits: 4, group_size: 128, version: 'gemm' });
    for (const { memory, quantized } of [gptq, awq]) {
      expect(quantized).toMatch(/^(GPTQ|AWQ), 4-bit$/);
      expect(memory['base']! / plain.memory['base']!).toBeGreaterThan(0.95);
      expect(memory['base']! / plain.memory['base']!).toBeLessThan(1.05);
    }
  });
});

describe('expectedForms', () => {
  const { config } = PUBLISHED['Llama-3.2-1B'];
  const spec = readSpec(config);
  const gguf = (path: string) => expectedForms(spec, config, [{ path, size: 8e8 }]);
  const linear = 'model.layers.3.self_attn.q_proj.weight';

  test.each([
    ['model-Q8_0.gguf', 'q8_0'],
    ['Llama-3.2-1B-Instruct.Q4_K_S.gguf', 'q4_k'],
    ['llama-q4_0.gguf', 'q4_0'],
    ['a/b-Q6_K.gguf', 'q6_k'],
  ])('%s holds linear maps in %s', (path, format) => {
    expect(gguf(path).formOf(linear)).toEqual({ format });
    expect(gguf(path).formOf('model.norm.weight')).toBe('f32');
    expect(gguf(path).formOf('model.embed_tokens.weight')).toBe('requantised');
    expect(gguf(path).converted).toEqual({ unpacked: [], dense: [] });
  });

  test('Q4_K_M has finer types in half of the layers, and unknown types are quantised again', () => {
    const forms = Array.from({ length: 16 }, (_, layer) =>
      gguf('m-Q4_K_M.gguf').formOf(`model.layers.${layer}.mlp.down_proj.weight`),
    );
    expect(forms.filter((form) => JSON.stringify(form) === '{"format":"q6_k"}').length).toBe(8);
    expect(gguf('m-Q5_K_M.gguf')).toMatchObject({
      quantized: 'GGUF, Q5_K_M',
      converted: { unpacked: ['Q5_K_M'] },
    });
    expect(gguf('m-Q5_K_M.gguf').formOf(linear)).toBe('requantised');
    expect(gguf('m-BF16.gguf').formOf(linear)).toBe('bf16');
    expect(gguf('m-BF16.gguf').converted).toEqual({ unpacked: [], dense: ['BF16'] });
    expect(gguf('m.gguf').converted).toEqual({ unpacked: [], dense: [] });
  });

  test('takes the dtype from config.json, else from the size', () => {
    const { torch_dtype, ...silent } = config;
    expect(torch_dtype).toBe('bfloat16');
    const of = (some: unknown, size: number) =>
      expectedForms(spec, some, [{ path: 'model.safetensors', size }]).formOf(linear);
    expect(of({ ...silent, dtype: 'float16' }, 5e9)).toBe('f16');
    expect(of(silent, 4.9e9)).toBe('f32');
    expect(of(silent, 2.5e9)).toBe('bf16');
  });
});
