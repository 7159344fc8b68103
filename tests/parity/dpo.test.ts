import { readFileSync } from 'node:fs';
import { listOf } from '../../src/data/example_list';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULTS } from '../../src/core/settings/settings';
import type { TokenizedExample } from '../../src/data/batches';
import { readTensors } from '../../src/formats/safetensors';
import { Device } from '../../src/gpu/device';
import { GRADIENTS } from '../../src/graph/differentiate';
import { namedTensors } from '../../src/models/adapter_files';
import { readParameter } from '../../src/models/adapters/layout';
import { trainingMemory } from '../../src/models/memory';
import { compileTraining } from '../../src/models/training';
import { planEvaluation, planMicroBatch } from '../../src/models/training_graph';
import { evaluate } from '../../src/train/evaluate';
import { learningRateMultiplier, scheduleOf } from '../../src/train/schedule';
import { gpu } from './dawn';
import { dpo, pairOf } from './dpo';
import { loadFixture, maxError, valuesOf, type Expected, type Variant } from './fixtures';
import { loadOnDevice, type LoadedFixture } from './load_fixture';

interface Pair {
  readonly prompt_ids: readonly number[];
  readonly chosen_ids: readonly number[];
  readonly rejected_ids: readonly number[];
}

/** The output of make_dpo.py. Metrics in the order of `metrics`. */
interface Fixture {
  readonly beta: number;
  readonly metrics: readonly string[];
  readonly settings: NonNullable<Expected['settings']>;
  readonly batch: readonly Pair[];
  readonly train: {
    readonly pairs: readonly Pair[];
    readonly micro_batches: readonly (readonly (readonly number[])[])[];
  };
  readonly tolerance_factor: number;
  readonly variants: Readonly<
    Record<
      Variant,
      {
        readonly loss: number;
        readonly metrics: readonly number[];
        readonly losses: readonly number[];
        readonly step_metrics: readonly (readonly number[])[];
        readonly grad_norms: readonly number[];
        readonly torch_error: Readonly<Record<string, number>>;
      }
    >
  >;
}

const folder = fileURLToPath(new URL('fixtures/dpo/', import.meta.url));
const expected = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as Fixture;
const exact = readTensors(new Uint8Array(readFileSync(`${folder}expected.safetensors`))).tensors;
const objective = dpo(expected.beta);
const CAPACITY = 192;

const exampleOf = ({ prompt_ids, chosen_ids, rejected_ids }: Pair): TokenizedExample =>
  pairOf(prompt_ids, chosen_ids, rejected_ids);

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});

describe.each(['f32', 'nf4'] as const)('DPO on a base in %s', (variant) => {
  const { loss, metrics, losses, step_metrics, grad_norms, torch_error } = expected.variants[variant];

  const numberTolerance = (name: string): number => expected.tolerance_factor * torch_error[name]!;
  /** A loss of three pairs may be right by luck: the worst of all steps is no accident. */
  const lossTolerance = numberTolerance('losses');
  const metricTolerance = numberTolerance('step_metrics');

  /** Every tensor of a kind is as close to float64 as `tolerance_factor` times TRL's float32 is, relative to its largest. */
  function expectClose(run: 'grad' | 'trained', { adapter }: LoadedFixture, flat: Float32Array): void {
    const largest = (name: string): number =>
      valuesOf(exact, `${variant}.${name}`).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const kind of ['lora_A', 'lora_B']) {
      const own = namedTensors(adapter.layout).filter(({ name }) => name.includes(kind));
      const names = own.map(({ name }) => `${run}.${name}`);
      const relative = Math.max(...names.map((name) => torch_error[name]! / largest(name)));
      for (const [index, { tensor }] of own.entries()) {
        const name = names[index]!;
        const allowed = expected.tolerance_factor * relative * largest(name);
        const values = valuesOf(exact, `${variant}.${name}`);
        expect(maxError(readParameter(flat, tensor), values), name).toBeLessThanOrEqual(allowed);
      }
    }
  }

  test.each([false, true])(
    'gives TRL’s loss, rewards, gradients and 20 updates; gradient_checkpointing %s',
    async (gradient_checkpointing) => {
      const settings = { ...DEFAULTS, ...expected.settings, gradient_checkpointing };
      const loaded = await loadOnDevice(device, loadFixture('llama'), variant, settings);
      const { model, adapter, destroy } = loaded;
      const program = await compileTraining(model, adapter, { capacity: CAPACITY, settings, objective });

      const batch = objective.pack(expected.batch.map(exampleOf));
      expect(objective.terms(batch)).toBe(3);
      await program.microBatch(batch, { accumulate: false, windowTerms: 3, seed: 0, counter: 0 });
      expectClose(
        'grad',
        loaded,
        new Float32Array(await device.buffers.read(adapter.buffers.get(GRADIENTS)!)),
      );

      const means = await evaluate(program, objective, listOf(expected.batch.map(exampleOf)));
      expect(Math.abs(means!.loss - loss)).toBeLessThanOrEqual(lossTolerance);
      const measured = expected.metrics.map((name) => means!.metrics[name]!);
      expect(maxError(measured, metrics)).toBeLessThanOrEqual(metricTolerance);

      const pairs = expected.train.pairs.map(exampleOf);
      const { learning_rate, warmup_steps, max_steps } = expected.settings;
      const linear = { ...DEFAULTS, lr_scheduler_type: 'linear' as const, warmup_steps };
      const schedule = scheduleOf(linear, max_steps);
      let counter = 0;
      for (const [step, window] of expected.train.micro_batches.entries()) {
        const batches = window.map((indices) => objective.pack(indices.map((index) => pairs[index]!)));
        const windowTerms = batches.reduce((sum, each) => sum + objective.terms(each), 0);
        for (const [index, each] of batches.entries())
          await program.microBatch(each, { accumulate: index > 0, windowTerms, seed: 0, counter: counter++ });
        const learningRate = learning_rate * learningRateMultiplier(schedule, step);
        await program.optimizerStep({ learningRate, step: step + 1 });
      }
      const steps = await program.metrics();
      expect(
        maxError(
          steps.map((step) => step.loss),
          losses,
        ),
      ).toBeLessThanOrEqual(lossTolerance);
      expect(
        maxError(
          steps.map(({ gradNorm }) => gradNorm),
          grad_norms,
        ),
      ).toBeLessThanOrEqual(numberTolerance('grad_norms'));
      const rewards = steps.flatMap((step) => expected.metrics.map((name) => step.metrics[name]!));
      expect(maxError(rewards, step_metrics.flat())).toBeLessThanOrEqual(metricTolerance);
      expectClose('trained', loaded, await adapter.readParameters());

      const planned = trainingMemory(model.layout, adapter.layout, {
        ...{ capacity: CAPACITY, limits: device.limits, settings, objective },
      });
      expect(device.buffers.allocated.get('activations')).toBe(planned.activations);
      program.destroy();
      destroy();
    },
  );

  test('costs a pass for the reference, and supervised fine-tuning has none', async () => {
    const { model, adapter, destroy } = await loadOnDevice(device, loadFixture('llama'), variant);
    const { limits } = device;
    const settings = { ...DEFAULTS, neftune_noise_alpha: 5 };
    const applied = (op: string, chosen?: typeof objective): number[] => {
      const options = { capacity: CAPACITY, limits, settings, ...(chosen && { objective: chosen }) };
      return [
        planMicroBatch(model.layout, adapter.layout, options),
        planEvaluation(model.layout, adapter.layout, options),
        planEvaluation(model.layout, undefined, options),
      ].map(({ origins }) => new Set(origins.filter(({ node }) => node.op.name === op)).size);
    };
    const blocks = model.layout.spec.blocks.length;
    expect(applied('attention')).toEqual([blocks, blocks, blocks]);
    // Without an adapter the model is its own reference.
    expect(applied('attention', objective)).toEqual([2 * blocks, 2 * blocks, blocks]);
    // The reference sees no noise, and no gradient goes back through it.
    expect(applied('embedding_noise', objective)).toEqual(applied('embedding_noise'));
    expect(applied('attention_backward', objective)).toEqual(applied('attention_backward'));
    expect(applied('attention_backward')).toEqual([blocks, 0, 0]);
    destroy();
  });
});
