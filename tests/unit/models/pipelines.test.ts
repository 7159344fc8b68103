import { expect, test } from 'vitest';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { readSpec } from '../../../src/models/config';
import { modelLayout } from '../../../src/models/layout';
import { adapterLayout } from '../../../src/models/adapters/layout';
import { planMicroBatch } from '../../../src/models/training_graph';

const LIMITS = {
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 28,
  maxComputeWorkgroupsPerDimension: 65535,
};

/** Pipelines of a step: dispatches that differ in kernel, constants, overrides, or in what they write. */
function pipelines(layers: number, lora_dropout: number): number {
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
  const plan = planMicroBatch(model, adapterLayout(spec, settings), {
    capacity: 64,
    limits: LIMITS,
    settings: { ...DEFAULTS, gradient_checkpointing: false },
  });
  const keys = plan.dispatches.map(({ kernel, constants, overrides, bindings }) =>
    JSON.stringify([kernel, constants, overrides, bindings.map(({ access }) => access)]),
  );
  return new Set(keys).size;
}

test.each([0, 0.1])('a deeper model needs no more pipelines, with dropout %d', (dropout) => {
  expect(pipelines(6, dropout)).toBe(pipelines(3, dropout));
});
