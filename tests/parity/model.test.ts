import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULTS } from '../../src/core/settings/settings';
import { Device } from '../../src/gpu/device';
import type { Plan } from '../../src/graph/plan';
import { Generator } from '../../src/models/generation';
import { planChat } from '../../src/models/generation_graph';
import { SequenceCache } from '../../src/models/sequence_cache';
import { allLogits } from '../../src/models/logits';
import { readParameter } from '../../src/models/adapters/layout';
import { compileTraining } from '../../src/models/training';
import { namedTensors } from '../../src/models/adapter_files';
import { gpu } from './dawn';
import { adapted, families, loadFixture, maxError, numberTolerance } from './fixtures';
import { batchOf, greedy, loadOnDevice, type LoadedFixture } from './load_fixture';

/** Everything at the default limits: 128 MiB a binding, 16 KiB of workgroup memory, no features. */
let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});

describe.each([...families, ...adapted])('%s', (family) => {
  const fixture = loadFixture(family);
  const { expected } = fixture;

  describe.each(fixture.variants)('%s', (variant) => {
    const numbers = expected.variants[variant]!;
    let loaded: LoadedFixture;
    beforeAll(async () => {
      loaded = await loadOnDevice(device, fixture, variant);
    });
    afterAll(() => {
      loaded.destroy();
    });

    test('logits of the base, and with the adapter, every example by itself', async () => {
      const base = await allLogits(loaded.model, undefined, expected.batch[1]!.input_ids);
      expect(maxError(base, fixture.exact(variant, 'base_logits'))).toBeLessThanOrEqual(
        fixture.tolerance(variant, 'base_logits'),
      );
      const parts = [];
      for (const { input_ids } of expected.batch)
        parts.push(...(await allLogits(loaded.model, loaded.adapter, input_ids)));
      expect(maxError(parts, fixture.exact(variant, 'logits'))).toBeLessThanOrEqual(
        fixture.tolerance(variant, 'logits'),
      );
    });

    test.each([false, true])(
      'loss and every gradient of the adapter, recomputation %s',
      async (recompute) => {
        const { model, adapter } = loaded;
        const batch = batchOf(expected.batch);
        const options = { capacity: 64, settings: { ...DEFAULTS, gradient_checkpointing: recompute } };
        const program = await compileTraining(model, adapter, options);
        const values = { accumulate: false, windowTerms: batch.targetTokens, seed: 0, counter: 0 };
        await program.microBatch(batch, values);
        const gradients = new Float32Array(await device.buffers.read(adapter.buffers.get('gradients')!));
        for (const { name, tensor } of namedTensors(adapter.layout)) {
          const exact = fixture.exact(variant, `grad.${name}`);
          const tolerance = fixture.tolerance(variant, `grad.${name}`);
          expect(maxError(readParameter(gradients, tensor), exact), name).toBeLessThanOrEqual(tolerance);
        }
        const loss = (await program.evaluate(batch)).loss / batch.targetTokens;
        expect(Math.abs(loss - numbers.loss)).toBeLessThanOrEqual(numberTolerance(expected, 'loss'));
        program.destroy();
      },
    );

    test('greedy answers through a cache that grows within', async () => {
      const { model } = loaded;
      const cache = new SequenceCache(model, 64, 12);
      const prompt = expected.batch[1]!.input_ids;
      const { base, adapter } = numbers.greedy;
      const plain = await Generator.compile(model, undefined, cache);
      expect(await greedy(plain, prompt, base.length)).toEqual(base);
      const tuned = await Generator.compile(model, loaded.adapter, cache);
      expect(await greedy(tuned, prompt, adapter.length)).toEqual(adapter);
      for (const part of [plain, tuned, cache]) part.destroy();
    });
  });
});

test('greedy answers with all products of one input in one dispatch, as on a graphics card', async () => {
  const fixture = loadFixture('qwen2');
  const own = await Device.open(gpu);
  const { model, adapter, destroy } = await loadOnDevice(own, fixture, 'nf4');
  const cache = new SequenceCache(model, 64);
  const planned = (): Plan => {
    const options = { cacheRows: cache.rows, limits: own.limits };
    return planChat(model.layout, adapter.layout, options).decode.plan;
  };
  const apart = planned();
  for (const { choice } of apart.plannedChoices)
    if (choice.op === 'linears') own.choices.refuse(choice, 'apart');
  expect(planned().dispatches.length).toBeLessThan(apart.dispatches.length);
  const generator = await Generator.compile(model, adapter, cache);
  const { greedy: answers } = fixture.expected.variants.nf4!;
  const prompt = fixture.expected.batch[1]!.input_ids;
  expect(await greedy(generator, prompt, answers.adapter.length)).toEqual(answers.adapter);
  // A token that is run again, what is read of it once more, and what is chosen from: all the same.
  const logits = await generator.next(prompt, 0);
  expect(await generator.logits()).toEqual(logits);
  const last = [prompt.slice(-1), prompt.length - 1] as const;
  expect(await generator.next(...last)).toEqual(logits);
  expect((await generator.likeliest(...last)).scores).toEqual(logits);
  for (const part of [generator, cache]) part.destroy();
  destroy();
  own.destroy();
});
