import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULTS } from '../../src/core/settings/settings';
import { Device } from '../../src/gpu/device';
import { chatMemory, trainingMemory } from '../../src/models/memory';
import { compileTraining } from '../../src/models/training';
import { chatRows, LoadedModel } from '../../src/session/models/loaded';
import { gpu } from './dawn';
import { adapted, families, loadFixture } from './fixtures';
import { batchOf, loadOnDevice } from './load_fixture';

/** A run takes exactly the planned memory, purpose by purpose, once it has made a step and given an answer. */

const CAPACITY = 64;

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});

describe.each([...families, ...adapted])('%s', (family) => {
  const fixture = loadFixture(family);

  const variant = fixture.variants.at(-1)!;

  test(`is what was planned, ${variant}`, async () => {
    const { model, adapter } = await loadOnDevice(device, fixture, variant);
    const loaded = new LoadedModel(device, model);
    const { limits } = device;
    const batch = batchOf(fixture.expected.batch);
    const options = {
      capacity: CAPACITY,
      settings: {
        ...DEFAULTS,
        gradient_checkpointing: variant === 'nf4',
        neftune_noise_alpha: variant === 'nf4' ? 5 : null,
      },
    };
    const program = await compileTraining(model, adapter, options);
    const generator = await loaded.generatorFor(adapter);

    const windowTerms = batch.targetTokens;
    await program.microBatch(batch, { accumulate: false, windowTerms, seed: 1, counter: 0 });
    await program.optimizerStep({ learningRate: 1e-3, step: 1 });
    await program.metrics();
    await program.evaluate(batch);
    await generator.next(fixture.expected.batch[0]!.input_ids, 0);

    const planned: Record<string, number> = {
      ...trainingMemory(model.layout, adapter.layout, { ...options, limits }),
      ...chatMemory(model.layout, adapter.layout, { cacheRows: chatRows(model.layout, 17), limits }),
    };
    // The memory of computing an adapter's initial values is freed before.
    delete planned['loading'];
    const allocated = Object.fromEntries([...device.buffers.allocated].filter(([, bytes]) => bytes > 0));
    expect(Object.keys(allocated).sort()).toEqual(Object.keys(planned).sort());
    for (const [purpose, bytes] of Object.entries(allocated)) {
      // The few bytes of a prompt's tokens count as inputs; all else is exact.
      if (purpose !== 'inputs') expect(bytes, purpose).toBe(planned[purpose]);
    }
    const total = (memory: Readonly<Record<string, number>>): number =>
      Object.values(memory).reduce((sum, bytes) => sum + bytes, 0);
    expect(Math.abs(total(allocated) / total(planned) - 1)).toBeLessThan(0.02);

    generator.destroy();
    program.destroy();
    adapter.destroy();
    loaded.destroy();
    expect([...device.buffers.allocated.values()].every((bytes) => bytes === 0)).toBe(true);
  });
});
