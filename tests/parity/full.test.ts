import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { DEFAULTS, type TrainSettings } from '../../src/core/settings/settings';
import { readTensors } from '../../src/formats/safetensors';
import { Device } from '../../src/gpu/device';
import { GRADIENTS, PARAMETERS } from '../../src/graph/differentiate';
import { Adapter } from '../../src/models/adapter';
import { adapterLayout, readParameter, type AdapterLayout } from '../../src/models/adapters/layout';
import { computeStart } from '../../src/models/adapters/start';
import { openCheckpoint } from '../../src/models/files';
import { loadModel } from '../../src/models/load';
import { trainingMemory } from '../../src/models/memory';
import { optimizerPlan } from '../../src/models/optimizers';
import { compileTraining } from '../../src/models/training';
import { gpu } from './dawn';
import { loadFixture, maxError, type Expected as FixtureExpected, type Family } from './fixtures';
import { batchOf, loadSettingsOf, runUpdates } from './load_fixture';

/** The output of make_full.py. */
interface Expected {
  readonly settings: NonNullable<FixtureExpected['settings']>;
  readonly tolerance_factor: number;
  readonly runs: Readonly<Record<string, Run>>;
}

interface Run {
  readonly model: Family;
  readonly losses: readonly number[];
  readonly loss_error: number;
  /** Of each: its largest element, its norm, and float32's error relative to the former. */
  readonly tensors: Readonly<Record<string, readonly [largest: number, norm: number, error: number]>>;
}

const SAMPLES = 40;
const folder = fileURLToPath(new URL('fixtures/full/', import.meta.url));
const expected = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as Expected;
const { tensors: samples } = readTensors(new Uint8Array(readFileSync(`${folder}expected.safetensors`)));

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});

async function started(family: Family, changes: Partial<TrainSettings>, variant: 'f32' | 'nf4' = 'f32') {
  const checkpoint = await openCheckpoint(await openFolder(loadFixture(family).folder, 'model'));
  const model = await loadModel(device, checkpoint, loadSettingsOf(variant), () => undefined);
  const settings: TrainSettings = { ...DEFAULTS, ...changes };
  const layout = adapterLayout(checkpoint.spec, settings);
  const adapter = new Adapter(device, layout, optimizerPlan(layout, settings));
  const { stored } = checkpoint;
  const start = await computeStart(model, { layout, seed: 0, stored });
  await adapter.writeStart(model, start);
  const program = await compileTraining(model, adapter, { capacity: 128, settings });
  const destroy = (): void => {
    program.destroy();
    adapter.destroy();
    model.destroy();
  };
  return { model, adapter, layout, settings, program, start, destroy };
}

/** Some elements and the norm of every tensor are as close to float64 as `tolerance_factor` times torch's float32 is. */
function expectClose(run: string, { whole }: AdapterLayout, flat: Float32Array, offset = 0): void {
  const { tensors } = expected.runs[run]!;
  expect(whole.map(({ name }) => name).toSorted()).toEqual(Object.keys(tensors).toSorted());
  for (const tensor of whole) {
    const [largest, norm, error] = tensors[tensor.name]!;
    const allowed = expected.tolerance_factor * error * largest;
    const values = readParameter(flat, tensor).map((value) => value - offset * (tensor.add ?? 0));
    const exact = new Float64Array(samples.get(`${run}.${tensor.name}`)!.data.slice().buffer);
    const own = Array.from(
      { length: Math.min(SAMPLES, values.length) },
      (_, i) => values[(i * 7919) % values.length]!,
    );
    expect(maxError(own, exact), tensor.name).toBeLessThanOrEqual(allowed);
    const square = values.reduce((sum, value) => sum + value * value, 0);
    expect(Math.abs(Math.sqrt(square) - norm), tensor.name).toBeLessThanOrEqual(
      allowed * Math.sqrt(values.length),
    );
  }
}

test.each(['llama', 'gemma3', 'qwen2', 'lfm2_bias'] as const)(
  'full tuning of %s has torch’s gradients of all tensors, a tied head’s too',
  async (family) => {
    const { adapter, layout, program, destroy } = await started(family, { finetuning_type: 'full' });
    const batch = batchOf(loadFixture(family).expected.batch);
    await program.microBatch(batch, {
      accumulate: false,
      windowTerms: batch.targetTokens,
      seed: 0,
      counter: 0,
    });
    const gradients = new Float32Array(await device.buffers.read(adapter.buffers.get(GRADIENTS)!));
    expectClose(`gradients.${family}`, layout, gradients);
    destroy();
  },
);

describe.each([
  ['full', { finetuning_type: 'full' }],
  ['full', { finetuning_type: 'full', gradient_checkpointing: true }],
  ['freeze', { finetuning_type: 'freeze', freeze_trainable_layers: 1, freeze_extra_modules: ['norm'] }],
] as const)('%s tuning', (run, changes) => {
  test(`goes 20 steps as torch’s AdamW, norms and biases without decay: ${JSON.stringify(changes)}`, async () => {
    const { model: family, losses, loss_error } = expected.runs[run]!;
    const { settings } = expected;
    const { model, adapter, layout, program, destroy } = await started(family, {
      ...settings,
      ...changes,
    });
    await runUpdates(program, { ...loadFixture(family).expected, settings }, 'f32');
    const metrics = await program.metrics();
    const allowed = expected.tolerance_factor * loss_error;
    expect(
      maxError(
        metrics.map(({ loss }) => loss),
        losses,
      ),
    ).toBeLessThanOrEqual(allowed);
    expectClose(run, layout, await adapter.readParameters(), 1);
    const whole = { ...DEFAULTS, ...settings, ...changes } as TrainSettings;
    const memory = trainingMemory(model.layout, layout, {
      capacity: 128,
      settings: whole,
      limits: device.limits,
    });
    for (const purpose of ['base', 'adapter', 'gradients', 'moments'] as const) {
      expect(device.buffers.allocated.get(purpose), purpose).toBe(memory[purpose]);
    }
    destroy();
  });
});

test('blocks of a base in 4 bits are trained from its unquantised values', async () => {
  const changes = { finetuning_type: 'freeze', freeze_trainable_layers: -1 } as const;
  const { adapter, layout, model, destroy } = await started('llama', changes, 'nf4');
  const flat = await adapter.readParameters();
  const weights = loadFixture('llama').weights();
  for (const tensor of layout.whole) {
    const { data } = weights.get(tensor.name)!;
    expect(readParameter(flat, tensor), tensor.name).toEqual(new Float32Array(data.slice().buffer));
    expect(tensor.name).toContain('model.layers.0.');
  }
  expect(model.layout.tensors.get('model.layers.0.mlp.up_proj.weight')?.kind).toBe('packed');
  expect(adapter.buffers.get(PARAMETERS)!.size).toBe(layout.size * 4);
  destroy();
});
