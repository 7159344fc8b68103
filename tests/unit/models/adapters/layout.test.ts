import { expect, test } from 'vitest';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { elementCount } from '../../../../src/core/shape';
import { readSpec } from '../../../../src/models/config';
import { modelLayout, modelBytes, weightSlots } from '../../../../src/models/layout';
import {
  adapterLayout,
  initialAdapter,
  readParameter,
  targetMaps,
  writeParameter,
  type AdapterTensor,
} from '../../../../src/models/adapters/layout';
import { wholeSettings, type AdapterSettings } from '../../../../src/models/adapters/settings';
import { dora } from '../../../../src/models/adapters/dora';
import { lora } from '../../../../src/models/adapters/lora';
import { trainingMemory } from '../../../../src/models/memory';

const spec = readSpec({
  architectures: ['LlamaForCausalLM'],
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 128,
  vocab_size: 320,
  max_position_embeddings: 256,
});
const settings = {
  r: 6,
  lora_alpha: 12,
  lora_dropout: 0,
  use_rslora: false,
  target_modules: 'all-linear' as const,
};

test('matrices lie apart, aligned, in the order of the forward pass', () => {
  const { modules, size, parameters } = adapterLayout(spec, settings);
  expect(modules).toHaveLength(14);
  let end = 0;
  for (const { tensors } of modules) {
    for (const { offset, padded } of tensors) {
      expect(offset).toBeGreaterThanOrEqual(end);
      expect((offset * 4) % 256).toBe(0);
      end = offset + elementCount(padded);
    }
  }
  expect(end).toBeLessThanOrEqual(size);
  const perBlock = 6 * (64 + 64 + 2 * (64 + 32) + 64 + 64 + 3 * (64 + 128));
  expect(parameters).toBe(2 * perBlock);
});

test('an odd rank is padded, and the padding never leaves', () => {
  const { modules, size } = adapterLayout(spec, settings);
  const flat = new Float32Array(size).fill(NaN);
  const [A, B] = modules[0]!.tensors as [AdapterTensor, AdapterTensor];
  const matrix = Float32Array.from({ length: 6 * 64 }, (_, i) => i);
  for (const place of [A, B]) {
    writeParameter(flat, place, matrix);
    expect(readParameter(flat, place)).toEqual(matrix);
  }
  expect(A.padded).toEqual([8, 64]);
  expect(B.padded).toEqual([64, 8]);
});

test('a fresh adapter: A uniform within 1 / √in, B zero, the same for the same seed', () => {
  const layout = adapterLayout(spec, settings);
  const flat = initialAdapter(layout, 3).parameters;
  expect(initialAdapter(layout, 3).parameters).toEqual(flat);
  expect(initialAdapter(layout, 4).parameters).not.toEqual(flat);
  for (const { tensors } of layout.modules) {
    const [A, B] = tensors as [AdapterTensor, AdapterTensor];
    const values = readParameter(flat, A);
    const bound = 1 / Math.sqrt(A.shape[1]!);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    expect(deviation / (bound / Math.sqrt(3))).toBeCloseTo(1, 1);
    expect(readParameter(flat, B).every((value) => value === 0)).toBe(true);
  }
});

test('scales: alpha / r, and alpha / √r with rsLoRA', () => {
  const scaleOf = (changed: Partial<AdapterSettings>) =>
    adapterLayout(spec, { ...settings, ...changed }).modules[0]?.scale;
  expect(scaleOf({})).toBe(2);
  expect(scaleOf({ use_rslora: true })).toBeCloseTo(12 / Math.sqrt(6));
});

test('targets', () => {
  const names = (targets: AdapterSettings['target_modules']) =>
    targetMaps(spec, { target_modules: targets }).map(({ path }) => path.replace('model.layers.', ''));
  expect(names('all-linear')).toHaveLength(14);
  const ofLayer = (layer: number) => [`${layer}.self_attn.q_proj`, `${layer}.self_attn.v_proj`];
  expect(names(['v_proj', 'q_proj'])).toEqual([...ofLayer(0), ...ofLayer(1)]);
  expect(names(['model.layers.1.self_attn.q_proj', 'v_proj'])).toEqual([ofLayer(0)[1], ...ofLayer(1)]);
  expect(() => names(['gate_up_proj'])).toThrow('gate_up_proj');
  expect(() => names(['proj'])).toThrow('proj');
  expect(() => names([])).toThrow('empty');
});

const quantization = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
const layout = (maxBinding: number) => modelLayout(spec, () => 'f16', quantization, maxBinding);

test('a large matrix is split at the binding limit, by rows in multiples of 64', () => {
  const embedding = layout(64 * 64 * 2 * 2).tensors.get('model.embed_tokens.weight');
  expect(embedding?.kind === 'dense' && embedding.parts.map(({ rows }) => rows)).toEqual([128, 128, 64]);
  expect(modelBytes(layout(64 * 64 * 4))).toBe(modelBytes(layout(1 << 27)));
  expect(new Set(weightSlots(layout(64 * 64 * 4)).map(({ slot }) => slot)).size).toBe(
    weightSlots(layout(64 * 64 * 4)).length,
  );
});

test('4-bit linear maps take about half a byte a weight', () => {
  const q = layout(1 << 27).tensors.get('model.layers.0.self_attn.q_proj.weight');
  expect(q?.kind === 'packed' && q.buffers['codes']?.bytes).toBe((64 * 64) / 2);
});

test('the plan knows that recomputation saves memory, and refuses what no binding can hold', () => {
  const deep = readSpec({
    architectures: ['LlamaForCausalLM'],
    hidden_size: 64,
    num_hidden_layers: 12,
    num_attention_heads: 4,
    intermediate_size: 128,
    vocab_size: 320,
    max_position_embeddings: 256,
  });
  const model = modelLayout(deep, () => 'f16', quantization, 1 << 27);
  const adapter = adapterLayout(deep, settings);
  const limits = {
    maxStorageBufferBindingSize: 1 << 27,
    maxBufferSize: 1 << 28,
    maxComputeWorkgroupsPerDimension: 65535,
  };
  const memory = (gradient_checkpointing: boolean, maxStorageBufferBindingSize = 1 << 27) =>
    trainingMemory(model, adapter, {
      capacity: 1024,
      limits: { ...limits, maxStorageBufferBindingSize },
      settings: { ...DEFAULTS, gradient_checkpointing },
    });
  expect(memory(true).activations).toBeLessThan(0.5 * memory(false).activations);
  // The MLP's activations may be larger than a binding, the residual stream may not.
  expect(memory(false, 1 << 18).activations).toBeGreaterThan(0);
  expect(() => memory(false, 1 << 17)).toThrow('in one piece');
});

test('the plan refuses an adapter whose derived values exceed a buffer that holds its parameters', () => {
  const model = modelLayout(spec, () => 'f16', quantization, 1 << 27);
  const tuning = { ...DEFAULTS, finetuning_type: 'oft' } as const;
  const adapter = adapterLayout(spec, tuning);
  const memory = (maxBufferSize: number) =>
    trainingMemory(model, adapter, {
      capacity: 64,
      limits: {
        maxStorageBufferBindingSize: 1 << 27,
        maxBufferSize,
        maxComputeWorkgroupsPerDimension: 65535,
      },
      settings: tuning,
    });
  const derived = 4 * adapter.derivedSize;
  expect(derived).toBeGreaterThan(4 * adapter.size);
  expect(memory(derived).gradients).toBe(4 * adapter.size);
  expect(() => memory(derived - 4)).toThrow(/adapter_derived needs .* in one buffer/);
});

test('patterns set ranks and alphas as PEFT reads them: the first that matches an end of the path counts', () => {
  const { modules } = adapterLayout(spec, {
    ...settings,
    rank_pattern: { q_proj: 4, '.*layers.1.*q_proj': 8, 'attn.v_proj': 2, '1\\..*down_proj': 12 },
    alpha_pattern: { 'layers.0.mlp.*': 3 },
    layers_to_transform: [1],
  });
  expect(modules.every(({ path }) => path.startsWith('model.layers.1.'))).toBe(true);
  const found = Object.fromEntries(modules.map(({ module, rank, scale }) => [module, [rank, scale]]));
  // "attn.v_proj" begins within a name, which PEFT's `(.*\\.)?` does not allow.
  expect(found).toMatchObject({ q_proj: [4, 3], v_proj: [6, 2], down_proj: [12, 1] });
  expect(modules[0]!.tensors.map(({ shape }) => shape)).toEqual([
    [4, 64],
    [64, 4],
  ]);
});

test('layers that the model lacks, and unreadable patterns, are refused', () => {
  expect(() => adapterLayout(spec, { ...settings, layers_to_transform: [0, 2] })).toThrow('no layer 2');
  expect(() => adapterLayout(spec, { ...settings, rank_pattern: { '(': 4 } })).toThrow('regular expression');
});

test('a layout keeps the adapter’s settings, each of them said, and no others', () => {
  const given = { ...settings, learning_rate: 1 };
  expect(adapterLayout(spec, given).settings).toEqual({
    ...settings,
    finetuning_type: 'lora',
    freeze_trainable_layers: 2,
    freeze_trainable_modules: ['all'],
    freeze_extra_modules: [],
    oft_block_size: 32,
    use_cayley_neumann: true,
    num_cayley_neumann_terms: 5,
    feedforward_modules: ['down_proj'],
    use_dora: false,
    init_lora_weights: true,
    rank_pattern: {},
    alpha_pattern: {},
    layers_to_transform: null,
  });
});

test('what merging makes of a weight is what the map with its adapter computes', () => {
  const [out, input, rank] = [6, 5, 2];
  const values = (count: number, of: (i: number) => number) =>
    Float32Array.from({ length: count }, (_, i) => of(i));
  const W = values(out * input, (i) => Math.sin(i + 1));
  const parts = {
    lora_A: values(rank * input, (i) => Math.cos(i)),
    lora_B: values(out * rank, (i) => Math.sin(3 * i)),
    lora_magnitude_vector: values(out, (i) => 1 + i),
  };
  const tuned = Float64Array.from(W, (value, at) => {
    const [row, k] = [Math.floor(at / input), at % input];
    let sum = value;
    for (let j = 0; j < rank; j++) sum += 1.5 * parts.lora_B[row * rank + j]! * parts.lora_A[j * input + k]!;
    return sum;
  });
  const norms = Array.from({ length: out }, (_, row) =>
    Math.hypot(...tuned.subarray(row * input, (row + 1) * input)),
  );
  const expected = {
    lora: tuned,
    dora: tuned.map((value, at) => ((1 + Math.floor(at / input)) / norms[Math.floor(at / input)]!) * value),
  };
  for (const kind of [lora, dora]) {
    // Rows 2 … 5 alone.
    const rows = W.slice(2 * input);
    kind.merge({ path: 'layer', out, in: input, rank, scale: 1.5, parts }, wholeSettings(settings))(rows, 2);
    const whole = expected[kind.name as 'lora' | 'dora'].subarray(2 * input);
    rows.forEach((value, i) => expect(value).toBeCloseTo(whole[i]!, 5));
  }
});
