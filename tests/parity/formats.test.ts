import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULTS } from '../../src/core/settings/settings';
import { openFolder } from '../../src/cli/files';
import { loadTokenizer } from '../../src/data/tokenizer';
import { Device } from '../../src/gpu/device';
import { openCheckpoint } from '../../src/models/files';
import { loadNotes } from '../../src/models/load_notes';
import { Generator } from '../../src/models/generation';
import { SequenceCache } from '../../src/models/sequence_cache';
import { allLogits } from '../../src/models/logits';
import { readParameter } from '../../src/models/adapters/layout';
import { compileTraining } from '../../src/models/training';
import { namedTensors } from '../../src/models/adapter_files';
import { gpu } from './dawn';
import { formats, loadFixture, loadFormat, maxError, numberTolerance } from './fixtures';
import { batchOf, greedy, loadOnDevice, type LoadedFixture } from './load_fixture';

/** Each way in which weights are published gives what PyTorch computes with the values that they stand for. */

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});

describe.each(formats)('%s', (format) => {
  const fixture = loadFormat(format);
  const { expected } = fixture;
  const numbers = expected.variants.f32!;
  let loaded: LoadedFixture;
  beforeAll(async () => {
    loaded = await loadOnDevice(device, fixture, 'f32');
  });
  afterAll(() => {
    loaded.destroy();
  });

  test('logits of the base, and with the adapter', async () => {
    const base = await allLogits(loaded.model, undefined, expected.batch[1]!.input_ids);
    const tolerance = fixture.tolerance('f32', 'base_logits');
    expect(maxError(base, fixture.exact('f32', 'base_logits'))).toBeLessThanOrEqual(tolerance);
    const parts = [];
    for (const { input_ids } of expected.batch) {
      parts.push(...(await allLogits(loaded.model, loaded.adapter, input_ids)));
    }
    const error = maxError(parts, fixture.exact('f32', 'logits'));
    expect(error).toBeLessThanOrEqual(fixture.tolerance('f32', 'logits'));
  });

  test('loss and every gradient of the adapter', async () => {
    const { model, adapter } = loaded;
    const batch = batchOf(expected.batch);
    const program = await compileTraining(model, adapter, {
      capacity: 64,
      settings: { ...DEFAULTS, gradient_checkpointing: true },
    });
    const values = { accumulate: false, windowTerms: batch.targetTokens, seed: 0, counter: 0 };
    await program.microBatch(batch, values);
    const gradients = new Float32Array(await device.buffers.read(adapter.buffers.get('gradients')!));
    for (const { name, tensor } of namedTensors(adapter.layout)) {
      const exact = fixture.exact('f32', `grad.${name}`);
      const tolerance = fixture.tolerance('f32', `grad.${name}`);
      expect(maxError(readParameter(gradients, tensor), exact), name).toBeLessThanOrEqual(tolerance);
    }
    const loss = (await program.evaluate(batch)).loss / batch.targetTokens;
    expect(Math.abs(loss - numbers.loss)).toBeLessThanOrEqual(numberTolerance(expected, 'loss'));
    program.destroy();
  });

  test('greedy answers, which read packed weights row by row', async () => {
    const cache = new SequenceCache(loaded.model, 64);
    const generator = await Generator.compile(loaded.model, undefined, cache);
    const answer = await greedy(generator, expected.batch[1]!.input_ids, numbers.greedy.base.length);
    expect(answer).toEqual(numbers.greedy.base);
    generator.destroy();
    cache.destroy();
  });
});

test.each(['gguf_llama', 'gguf_llama_k', 'gguf_qwen2'] as const)(
  '%s brings its tokenizer',
  async (format) => {
    const checkpoint = await openCheckpoint(await openFolder(loadFormat(format).folder, 'model'));
    const { tokenizer, tokenizerConfig } = checkpoint;
    const notes = loadNotes(checkpoint, { ...DEFAULTS, load_in_4bit: false });
    const { text, input_ids } = loadFixture('llama').expected.chat!;
    const brought = loadTokenizer(tokenizer, tokenizerConfig);
    expect([...brought.encode(text)]).toEqual(input_ids);
    expect(brought.decode(input_ids)).toBe(text);
    expect(notes.length).toBe(format === 'gguf_llama_k' ? 1 : 0);
  },
);
