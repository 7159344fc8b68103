import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULTS } from '../../src/core/settings/settings';
import { openFolder } from '../../src/cli/files';
import { packMicroBatch } from '../../src/data/batches';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/formats/checkpoint';
import { Device } from '../../src/gpu/device';
import { Adapter, adapterOf } from '../../src/models/adapter';
import { openCheckpoint } from '../../src/models/files';
import { loadModel } from '../../src/models/load';
import { adapterLayout } from '../../src/models/adapters/layout';
import { computeStart } from '../../src/models/adapters/start';
import { trainingMemory } from '../../src/models/memory';
import type { Model } from '../../src/models/model';
import type { StoredWeights } from '../../src/models/stored/stored_weight';
import { OPTIMIZERS, optimizerPlan } from '../../src/models/optimizers';
import { compileTraining } from '../../src/models/training';
import type { TrainingProgram } from '../../src/models/training_program';
import { gpu } from './dawn';
import { loadFixture } from './fixtures';

/** Properties of the engine with every family: memory as planned, no allocation after the first step, determinism. */

const fixture = loadFixture('qwen3');
const LORA = {
  r: 3,
  lora_alpha: 6,
  lora_dropout: 0.2,
  use_rslora: false,
  target_modules: 'all-linear' as const,
};
const CAPACITY = 64;
const SETTINGS = { ...DEFAULTS, weight_decay: 0.1, neftune_noise_alpha: 5 };

const batch = packMicroBatch(
  fixture.expected.batch.map(({ input_ids, labels }) => ({
    ids: Uint32Array.from(input_ids),
    trained: Uint8Array.from(labels, (label) => (label === -100 ? 0 : 1)),
  })),
);

let device: Device;
let model: Model;
let stored: StoredWeights;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
  const checkpoint = await openCheckpoint(await openFolder(fixture.folder, 'model'));
  const quantization = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
  ({ stored } = checkpoint);
  model = await loadModel(device, checkpoint, quantization, () => undefined);
});
afterAll(() => {
  model.destroy();
  device.destroy();
});

async function withTraining<T>(
  work: (program: TrainingProgram, adapter: Adapter) => Promise<T>,
  changed: Partial<typeof LORA & typeof SETTINGS> = {},
): Promise<T> {
  const settings = { ...SETTINGS, gradient_checkpointing: false, ...changed };
  const layout = adapterLayout(model.layout.spec, { ...LORA, ...changed });
  const adapter = new Adapter(device, layout, optimizerPlan(layout, settings));
  await adapter.writeStart(model, await computeStart(model, { layout, seed: 7, stored }));
  try {
    const program = await compileTraining(model, adapter, { capacity: CAPACITY, settings });
    try {
      return await work(program, adapter);
    } finally {
      program.destroy();
    }
  } finally {
    adapter.destroy();
  }
}

async function step(program: TrainingProgram, number: number): Promise<void> {
  const windowTerms = batch.targetTokens;
  await program.microBatch(batch, { accumulate: false, windowTerms, seed: 3, counter: number });
  await program.optimizerStep({ learningRate: 1e-2, step: number });
}

const ADAPTERS = [{}, { use_dora: true }, { init_lora_weights: 'pissa' as const }];

const KINDS = [
  { gradient_checkpointing: false },
  ...ADAPTERS.map((adapter) => ({ ...adapter, gradient_checkpointing: true })),
];

function expectPlannedMemory({ layout }: Adapter, settings: typeof SETTINGS): void {
  const { limits } = device;
  const planned = trainingMemory(model.layout, layout, { capacity: CAPACITY, limits, settings });
  const allocated = Object.fromEntries([...device.buffers.allocated].filter(([, bytes]) => bytes > 0));
  // The memory of computing the initial values has been freed by now.
  expect({ ...allocated, ...(planned.loading && { loading: planned.loading }) }).toEqual(planned);
}

test.each(KINDS)('memory is what the plan said, by purpose: %j', async (kind) => {
  await withTraining((_, adapter) => {
    expectPlannedMemory(adapter, { ...SETTINGS, ...kind });
    return Promise.resolve();
  }, kind);
});

test('everything is given back', () => {
  const left = [...device.buffers.allocated].filter(([purpose, bytes]) => bytes !== 0 && purpose !== 'base');
  expect(left).toEqual([]);
});

test.each([1, 40, 150])('what was made is given back where pipeline %i is refused', async (refused) => {
  const { pipelines } = device;
  const get = pipelines.get.bind(pipelines);
  let asked = 0;
  pipelines.get = (request) =>
    ++asked === refused ? Promise.reject(new Error('refused by the test')) : get(request);
  const held = () => [...device.buffers.allocated].filter(([, bytes]) => bytes > 0);
  const before = held();
  await expect(withTraining(() => Promise.resolve())).rejects.toThrow('refused by the test');
  pipelines.get = get;
  expect(held()).toEqual(before);
});

test.each(ADAPTERS)('after the first step nothing is allocated or compiled: %j', async (kind) => {
  await withTraining(async (program) => {
    await step(program, 1);
    await program.metrics();
    const { size } = device.pipelines;
    const made: string[] = [];
    const { gpu: raw } = device;
    const createBuffer = raw.createBuffer.bind(raw);
    raw.createBuffer = (descriptor) => {
      made.push(descriptor.label ?? 'unnamed');
      return createBuffer(descriptor);
    };
    for (let number = 2; number < 6; number++) {
      await step(program, number);
      await program.metrics();
    }
    raw.createBuffer = createBuffer;
    expect(made).toEqual([]);
    expect(device.pipelines.size).toBe(size);
  }, kind);
});

test.each(ADAPTERS)(
  'two runs agree to the bit, dropout, noise and recomputation included: %j',
  async (kind) => {
    const run = (gradient_checkpointing: boolean): Promise<Float32Array> =>
      withTraining(
        async (program, adapter) => {
          for (let number = 1; number < 5; number++) await step(program, number);
          return await adapter.readParameters();
        },
        { ...kind, gradient_checkpointing },
      );
    const first = await run(false);
    expect(first.some((value) => value !== 0)).toBe(true);
    expect(await run(false)).toEqual(first);
    expect(await run(true)).toEqual(first);
    const state = await withTraining(async (program, adapter) => {
      for (let number = 1; number < 3; number++) await step(program, number);
      return await adapter.readState();
    }, kind);
    const resumed = await withTraining(async (program, adapter) => {
      program.writeState(state);
      for (let number = 3; number < 5; number++) await step(program, number);
      return await adapter.readParameters();
    }, kind);
    expect(resumed).toEqual(first);
  },
);

test('what is not finite is reported and never enters the parameters', async () => {
  await withTraining(async (program, adapter) => {
    await step(program, 1);
    const state = await adapter.readState();
    const broken = adapterOf(state, adapter.layout).parameters.map((value) => value * 1e38);
    adapter.writeParameters(broken);
    const before = await adapter.readState();
    await step(program, 2);
    const [, second] = await program.metrics();
    expect(second?.finite).toBe(false);
    expect(await adapter.readState()).toEqual(before);
  });
});

/** Each optimiser over tensors of fewer and of more than 4,096 elements, and with B at a rate of its own. */
const OPTIMIZED = OPTIMIZERS.flatMap(({ name: optim }) =>
  (optim === 'adamw_torch' ? [1, 16] : [16]).map((loraplus_lr_ratio) => ({
    r: 63,
    optim,
    loraplus_lr_ratio,
    label_smoothing_factor: 0.1,
    gradient_checkpointing: false,
  })),
);

test.each(OPTIMIZED)(
  '$optim with loraplus_lr_ratio $loraplus_lr_ratio: memory as planned, and a checkpoint goes on to the same bits',
  async (settings) => {
    let saved = new Uint8Array();
    const whole = await withTraining(async (program, adapter) => {
      const sizes = adapter.layout.tensors.map(({ shape }) =>
        shape.reduce((count, length) => count * length),
      );
      expect(sizes.some((size) => size < 4096) && sizes.some((size) => size >= 4096)).toBe(true);
      expectPlannedMemory(adapter, { ...SETTINGS, ...settings });
      for (const number of [1, 2, 3]) await step(program, number);
      saved = await encodeCheckpoint({
        step: 3,
        position: { epoch: 0, index: 3 },
        seed: 3,
        tensors: await program.readState(),
        settings: {},
        hashes: { model: '', data: '' },
        history: [],
      });
      for (const number of [4, 5]) await step(program, number);
      return await program.readState();
    }, settings);
    const { tensors } = await decodeCheckpoint(saved);
    const resumed = await withTraining(async (program) => {
      expect(() => {
        program.writeState(tensors.slice(1));
      }).toThrow(/has no tensor/);
      program.writeState(tensors);
      for (const number of [4, 5]) await step(program, number);
      return await program.readState();
    }, settings);
    expect(resumed).toEqual(whole);
  },
);
