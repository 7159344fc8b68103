import { describe, expect, test } from 'vitest';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { byteLength, type Plan } from '../../../src/graph/plan';
import { readSpec } from '../../../src/models/config';
import { planChat } from '../../../src/models/generation_graph';
import {
  modelLayout,
  rotarySlots,
  weightSlots,
  type ModelLayout,
  type StoredForm,
} from '../../../src/models/layout';
import { adapterLayout } from '../../../src/models/adapters/layout';
import { checkpointTensors, parameterCount, type ModelSpec } from '../../../src/models/spec';
import { planEvaluation, planMicroBatch, planOptimizer } from '../../../src/models/training_graph';
import { DISPATCH_OPERATIONS } from '../../../src/ops/dispatch_time';
import { PUBLISHED, PUBLISHED_NAMES, type PublishedName } from './published';

/** Plans at true sizes, with nothing allocated: every dispatch must be one that the smallest device takes. */

const LIMITS = {
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 28,
  maxComputeWorkgroupsPerDimension: 65535,
};
/** A device that takes whatever fits its memory. */
const LARGE_LIMITS = { ...LIMITS, maxStorageBufferBindingSize: 2 ** 31, maxBufferSize: 2 ** 32 };
const QUADS = { f16: false, subgroups: { min: 4, max: 4 }, matrix: undefined, timestamps: false };
const MOST_STORAGE_BUFFERS = 8;
const LORA = {
  r: 16,
  lora_alpha: 32,
  lora_dropout: 0.05,
  use_rslora: false,
  target_modules: 'all-linear' as const,
};

function layoutOf(
  spec: ModelSpec,
  linear: StoredForm,
  load_in_4bit: boolean,
  { maxStorageBufferBindingSize } = LIMITS,
): ModelLayout {
  const kinds = new Map(checkpointTensors(spec).map(({ name, kind }) => [name, kind]));
  const formOf = (name: string): StoredForm => (kinds.get(name) === 'linear' ? linear : 'bf16');
  const load = { load_in_4bit, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
  return modelLayout(spec, formOf, load, maxStorageBufferBindingSize);
}

/** Plans that WebGPU would refuse, or that a kernel would compute wrongly. */
function faultsOf({ capacity, dispatches, placements, arenas }: Plan): string[] {
  const faults: string[] = [];
  arenas.forEach((bytes, index) => {
    if (bytes > LIMITS.maxBufferSize) faults.push(`arena ${index} has ${bytes} bytes`);
  });
  for (const { kernel, bindings, workgroups } of dispatches) {
    const fault = (what: string): void => {
      faults.push(`${kernel}: ${what}`);
    };
    if (bindings.length > MOST_STORAGE_BUFFERS) fault(`${bindings.length} storage buffers`);
    const written = new Map<string, boolean>();
    for (const { tensor, access, offset = 0, size } of bindings) {
      const placement = placements.get(tensor);
      const { storage } = tensor;
      const begin = (storage.kind === 'bound' ? storage.offset : (placement?.offset ?? NaN)) + offset;
      const bytes = size ?? byteLength(tensor, capacity) - offset;
      if (begin % 256 !== 0) fault(`${tensor.name} begins at ${begin}`);
      if (bytes % 4 !== 0 || !(bytes > 0)) fault(`${tensor.name} has ${bytes} bytes`);
      if (bytes > LIMITS.maxStorageBufferBindingSize) fault(`${tensor.name} binds ${bytes} bytes`);
      if (offset + bytes > byteLength(tensor, capacity)) fault(`${tensor.name} is bound beyond its end`);
      const end = placement && arenas[placement.arena];
      if (end !== undefined && begin + bytes > end) fault(`${tensor.name} ends beyond its arena`);
      const buffer = storage.kind === 'bound' ? storage.slot : `arena ${placement?.arena}`;
      const writes = access !== 'read';
      if (written.has(buffer) && written.get(buffer) !== writes) fault(`${buffer} is read and written`);
      written.set(buffer, writes);
    }
    for (const rows of [1, 63, 64, 65, capacity - 1, capacity].filter(
      (count) => count <= capacity && count > 0,
    )) {
      for (const count of workgroups(rows)) {
        if (!Number.isInteger(count) || count < 0 || count > LIMITS.maxComputeWorkgroupsPerDimension) {
          fault(`${count} workgroups for ${rows} rows`);
        }
      }
    }
  }
  return [...new Set(faults)];
}

function checkAll(layout: ModelLayout, rows = 1024): void {
  for (const { slot, bytes } of [...weightSlots(layout), ...rotarySlots(layout)]) {
    expect(bytes, slot).toBeLessThanOrEqual(LIMITS.maxStorageBufferBindingSize);
    expect(bytes % 4, slot).toBe(0);
  }
  const adapter = adapterLayout(layout.spec, LORA);
  const options = { capacity: rows, limits: LIMITS };
  const settings = { ...DEFAULTS, gradient_checkpointing: true };
  expect(faultsOf(planMicroBatch(layout, adapter, { ...options, settings }))).toEqual([]);
  expect(faultsOf(planEvaluation(layout, adapter, { ...options, settings }))).toEqual([]);
  expect(faultsOf(planOptimizer(adapter, { limits: LIMITS, settings }))).toEqual([]);
  const { prefill, decode } = planChat(layout, adapter, { cacheRows: 2048, limits: LIMITS });
  expect(faultsOf(prefill.plan)).toEqual([]);
  expect(faultsOf(decode.plan)).toEqual([]);
}

describe.each(PUBLISHED_NAMES)('%s', (name) => {
  const { config, parameters } = PUBLISHED[name];
  const spec = readSpec(config);

  test('has the parameters of its card', () => {
    expect(parameterCount(spec)).toBe(parameters);
  });

  test('trains on 1,024 tokens and answers in NF4 on the smallest device', () => {
    checkAll(layoutOf(spec, 'bf16', true));
  });

  test('trains on 4,096 tokens at once, some of whose activations are larger than a binding', () => {
    checkAll(layoutOf(spec, 'bf16', true), 4096);
  });

  test.each([
    ['the smallest device', LIMITS, true],
    ['a large device', LARGE_LIMITS, true],
    ['a large device, not quantised', LARGE_LIMITS, false],
    ['a software adapter', { ...LIMITS, software: true, features: QUADS }, true],
  ] as const)('nothing of 4,096 tokens holds up %s', (_, limits, quantized) => {
    const layout = layoutOf(spec, 'bf16', quantized, limits);
    const options = { capacity: 4096, limits, settings: { ...DEFAULTS, gradient_checkpointing: true } };
    const { dispatches } = planMicroBatch(layout, adapterLayout(layout.spec, LORA), options);
    const large = dispatches.filter(({ flops }) => (flops?.(4096) ?? 0) > DISPATCH_OPERATIONS);
    // All that see one head of keys are together, which is too much for a bound where a model has one such head, but no driver
    // watches over a CPU.
    const watched = large.filter(
      ({ kernel }) => !('software' in limits && kernel.startsWith('attention_key_value_gradient')),
    );
    expect(watched.map(({ kernel }) => kernel)).toEqual([]);
  });
});

const FORMS: readonly (readonly [PublishedName, StoredForm])[] = [
  ['Qwen2.5-0.5B', { format: 'gptq', groupSize: 128, actOrder: true }],
  ['Qwen2.5-0.5B', { format: 'awq', groupSize: 128 }],
  ['Llama-3.2-1B', { format: 'q4_k' }],
  ['Llama-3.2-1B', { format: 'q6_k' }],
  ['SmolLM2-135M', { format: 'q8_0' }],
  ['Qwen3-0.6B', { format: 'nf4', blockSize: 64, doubleQuant: false, nestedBlockSize: 256 }],
  ['Qwen3-0.6B', 'f16'],
  ['gemma-3-1b', 'f32'],
];

test.each(FORMS)('%s stored as %j does so too', (name, form) => {
  checkAll(layoutOf(readSpec(PUBLISHED[name].config), form, false));
});
