import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packMicroBatch, type Batch } from '../../src/data/batches';
import { Device } from '../../src/gpu/device';
import { Adapter } from '../../src/models/adapter';
import { openCheckpoint } from '../../src/models/files';
import { Generator, KeyValueCache } from '../../src/models/generation';
import { loadModel } from '../../src/models/load';
import { allLogits } from '../../src/models/logits';
import { readMatrix, writeMatrix } from '../../src/models/lora';
import type { Model } from '../../src/models/model';
import { compileTraining } from '../../src/models/training';
import { matricesOf, readAdapterFiles } from '../../src/session/adapter_files';
import { learningRateMultiplier } from '../../src/train/schedule';
import { openFolder } from '../../src/cli/files';
import { gpu } from './dawn';
import { families, loadFixture, maxError, numberTolerance, variants, type Example } from './fixtures';

/** Everything at the default limits: 128 MiB a binding, 16 KiB of workgroup memory, no features. */
let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});

function batchOf(examples: readonly Example[]): Batch {
  return packMicroBatch(
    examples.map(({ input_ids, labels }) => ({
      ids: Uint32Array.from(input_ids),
      trained: Uint8Array.from(labels, (label) => (label === -100 ? 0 : 1)),
    })),
  );
}

const argmax = (values: Float32Array): number => values.indexOf(values.reduce((a, b) => Math.max(a, b)));

async function greedy(generator: Generator, prompt: readonly number[], count: number): Promise<number[]> {
  const ids = [...prompt];
  let logits = await generator.next(prompt, 0);
  for (;;) {
    ids.push(argmax(logits));
    if (ids.length === prompt.length + count) return ids.slice(prompt.length);
    logits = await generator.next(ids.slice(-1), ids.length - 1);
  }
}

describe.each(families)('%s', (family) => {
  const fixture = loadFixture(family);
  const { expected } = fixture;

  describe.each(variants)('%s', (variant) => {
    const numbers = expected.variants[variant];
    let model: Model;
    let trained: Adapter;

    beforeAll(async () => {
      const checkpoint = await openCheckpoint(await openFolder(fixture.folder, 'model'));
      const load_in_4bit = variant === 'nf4';
      const quantization = { load_in_4bit, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
      model = await loadModel(device, checkpoint, quantization, () => undefined);
      const folder = await openFolder(`${fixture.folder}/adapter`, 'adapter');
      const { layout, parameters } = await readAdapterFiles(folder, checkpoint.spec);
      trained = new Adapter(device, layout, 'training');
      trained.writeParameters(parameters);
    });
    afterAll(() => {
      trained.destroy();
      model.destroy();
    });

    test('logits of the base, and with the adapter, every example by itself', async () => {
      const base = await allLogits(model, undefined, expected.batch[1]!.input_ids);
      expect(maxError(base, fixture.exact(variant, 'base_logits'))).toBeLessThanOrEqual(
        fixture.tolerance(variant, 'base_logits'),
      );
      const parts = [];
      for (const { input_ids } of expected.batch) parts.push(...(await allLogits(model, trained, input_ids)));
      expect(maxError(parts, fixture.exact(variant, 'logits'))).toBeLessThanOrEqual(
        fixture.tolerance(variant, 'logits'),
      );
    });

    test.each([false, true])(
      'loss and every gradient of the adapter, recomputation %s',
      async (recompute) => {
        const batch = batchOf(expected.batch);
        const options = { capacity: 64, gradient_checkpointing: recompute };
        const program = await compileTraining(model, trained, options);
        const values = { accumulate: false, windowTargetTokens: batch.targetTokens, seed: 0, counter: 0 };
        await program.microBatch(batch, values);
        const gradients = new Float32Array(await device.buffers.read(trained.buffers.get('gradients')!));
        for (const { name, matrix } of matricesOf(trained.layout)) {
          const exact = fixture.exact(variant, `grad.${name}`);
          const tolerance = fixture.tolerance(variant, `grad.${name}`);
          expect(maxError(readMatrix(gradients, matrix), exact), name).toBeLessThanOrEqual(tolerance);
        }
        const loss = (await program.evaluate(batch)) / batch.targetTokens;
        expect(Math.abs(loss - numbers.loss)).toBeLessThanOrEqual(numberTolerance(expected, 'loss'));
        program.destroy();
      },
    );

    test('20 steps of AdamW: losses, norms, rates, and the adapter at the end', async () => {
      const { settings, train } = expected;
      const adapter = new Adapter(device, trained.layout, 'training');
      const start = await trained.readParameters();
      for (const { name, matrix } of matricesOf(trained.layout)) {
        const [rows, columns] = matrix.shape;
        if (name.includes('lora_B')) writeMatrix(start, matrix, new Float32Array(rows * columns));
      }
      adapter.writeParameters(start);
      const program = await compileTraining(model, adapter, { capacity: 128, gradient_checkpointing: false });
      const schedule = {
        type: 'linear' as const,
        warmupSteps: settings.warmup_steps,
        steps: settings.max_steps,
      };
      let counter = 0;
      for (const [step, window] of train.micro_batches.entries()) {
        const batches = window.map((indices) => batchOf(indices.map((index) => train.examples[index]!)));
        const windowTargetTokens = batches.reduce((sum, { targetTokens }) => sum + targetTokens, 0);
        expect(windowTargetTokens).toBe(numbers.target_tokens[step]);
        for (const [index, batch] of batches.entries()) {
          const values = { accumulate: index > 0, windowTargetTokens, seed: 0, counter: counter++ };
          await program.microBatch(batch, values);
        }
        const learningRate = settings.learning_rate * learningRateMultiplier(schedule, step);
        expect(learningRate).toBeCloseTo(numbers.learning_rates[step]!, 12);
        await program.optimizerStep({
          learningRate,
          beta1: settings.adam_beta1,
          beta2: settings.adam_beta2,
          epsilon: settings.adam_epsilon,
          weightDecay: settings.weight_decay,
          maxGradNorm: settings.max_grad_norm,
          step: step + 1,
        });
      }
      const metrics = await program.metrics();
      const losses = metrics.map(({ loss }) => loss);
      const norms = metrics.map(({ gradNorm }) => gradNorm);
      expect(maxError(losses, numbers.losses)).toBeLessThanOrEqual(numberTolerance(expected, 'losses'));
      expect(maxError(norms, numbers.grad_norms)).toBeLessThanOrEqual(
        numberTolerance(expected, 'grad_norms'),
      );
      const parameters = await adapter.readParameters();
      for (const { name, matrix } of matricesOf(adapter.layout)) {
        const exact = fixture.exact(variant, `trained.${name}`);
        const tolerance = fixture.tolerance(variant, `trained.${name}`);
        expect(maxError(readMatrix(parameters, matrix), exact), name).toBeLessThanOrEqual(tolerance);
      }
      program.destroy();
      adapter.destroy();
    });

    test('greedy answers through the cache', async () => {
      const cache = new KeyValueCache(model, 64);
      const prompt = expected.batch[1]!.input_ids;
      const { base, adapter } = numbers.greedy;
      const plain = await Generator.compile(model, undefined, cache);
      expect(await greedy(plain, prompt, base.length)).toEqual(base);
      const tuned = await Generator.compile(model, trained, cache);
      expect(await greedy(tuned, prompt, adapter.length)).toEqual(adapter);
      for (const part of [plain, tuned, cache]) part.destroy();
    });
  });

  test('4-bit weights on the device have bitsandbytes’ bytes', async () => {
    const checkpoint = await openCheckpoint(await openFolder(fixture.folder, 'model'));
    const quantization = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
    const model = await loadModel(device, checkpoint, quantization, () => undefined);
    expect(fixture.quantized.length).toBe(14);
    for (const name of fixture.quantized) {
      const codes = new Uint8Array(await device.buffers.read(model.buffers.get(`${name}.codes`)!));
      expect(codes, name).toEqual(new Uint8Array(fixture.nf4(name).codes));
      const scales = new Uint8Array(await device.buffers.read(model.buffers.get(`${name}.scales`)!));
      const { absmax, nestedAbsmax } = fixture.nf4(name);
      const start = (320 + nestedAbsmax.length) * 4;
      expect(scales.subarray(start, start + absmax.length), name).toEqual(new Uint8Array(absmax));
    }
    model.destroy();
  });
});
