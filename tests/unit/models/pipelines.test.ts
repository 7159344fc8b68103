import { expect, test } from 'vitest';
import { DEFAULTS } from '../../../src/core/settings/settings';
import type { Plan } from '../../../src/graph/plan';
import { readSpec } from '../../../src/models/config';
import { modelLayout } from '../../../src/models/layout';
import { adapterLayout } from '../../../src/models/adapters/layout';
import { planEvaluation, planMicroBatch } from '../../../src/models/training_graph';

const LIMITS = {
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 28,
  maxComputeWorkgroupsPerDimension: 65535,
};

/** The micro-batch of a made-up model, and the evaluation over the same. */
function plansOf(layers: number, lora_dropout: number, neftune_noise_alpha: number | null = null) {
  const spec = readSpec({
    architectures: ['LlamaForCausalLM'],
    hidden_size: 64,
    num_hidden_layers: layers,
    num_attention_heads: 4,
    intermediate_size: 128,
    vocab_size: 320,
    max_position_embeddings: 256,
  });
  const settings = {
    r: 4,
    lora_alpha: 8,
    lora_dropout,
    use_rslora: false,
    target_modules: 'all-linear' as const,
  };
  const load = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
  const model = modelLayout(spec, () => 'bf16', load, 2 ** 27);
  const adapter = adapterLayout(spec, settings);
  const options = { capacity: 64, limits: LIMITS, settings: { ...DEFAULTS, neftune_noise_alpha } };
  return {
    microBatch: planMicroBatch(model, adapter, options),
    evaluation: planEvaluation(model, adapter, options),
  };
}

/** Pipelines of a step: dispatches that differ in kernel, constants, overrides, or in what they write. */
function pipelines(layers: number, lora_dropout: number): number {
  const keys = plansOf(layers, lora_dropout).microBatch.dispatches.map(
    ({ kernel, constants, overrides, bindings }) =>
      JSON.stringify([kernel, constants, overrides, bindings.map(({ access }) => access)]),
  );
  return new Set(keys).size;
}

test.each([0, 0.1])('a deeper model needs no more pipelines, with dropout %d', (dropout) => {
  expect(pipelines(6, dropout)).toBe(pipelines(3, dropout));
});

test('noise on the embeddings is one dispatch of training, and nothing else changes', () => {
  const kernels = (plan: Plan): string[] => plan.dispatches.map(({ kernel }) => kernel);
  const without = plansOf(2, 0.1);
  const noisy = plansOf(2, 0.1, 5);
  expect(kernels(without.microBatch)).not.toContain('embedding_noise');
  expect(kernels(noisy.microBatch).filter((kernel) => kernel !== 'embedding_noise')).toEqual(
    kernels(without.microBatch),
  );
  expect(kernels(noisy.microBatch).filter((kernel) => kernel === 'embedding_noise')).toHaveLength(1);
  expect(kernels(noisy.evaluation)).toEqual(kernels(without.evaluation));
});
