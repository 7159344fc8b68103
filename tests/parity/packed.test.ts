import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesOf } from '../../src/core/bytes';
import { Device } from '../../src/gpu/device';
import { readGgufHeader } from '../../src/formats/gguf';
import type { Checkpoint } from '../../src/models/files';
import { Generator } from '../../src/models/generation';
import { SequenceCache } from '../../src/models/sequence_cache';
import { loadModel } from '../../src/models/load';
import { allLogits } from '../../src/models/logits';
import type { Model } from '../../src/models/model';
import { ggufWeights } from '../../src/models/stored/gguf_weights';
import { storedWeights } from '../../src/models/stored/safetensors_weights';
import type { StoredWeight, StoredWeights } from '../../src/models/stored/stored_weight';
import { fixture, memoryFile, shapeOf, tensorsOf, tinySpec, valuesOf } from '../unit/models/stored/tiny';
import { gpu } from './dawn';

const GPTQ = { quant_method: 'gptq', bits: 4 };

const CONFIGS: Readonly<Record<string, object>> = {
  bitsandbytes: { quant_method: 'bitsandbytes' },
  bitsandbytes_plain: { quant_method: 'bitsandbytes' },
  bitsandbytes_long: { quant_method: 'bitsandbytes' },
  gptq: { ...GPTQ, group_size: 32 },
  gptq_act_order: { ...GPTQ, group_size: 16, desc_act: true },
  gptq_v2: { ...GPTQ, group_size: -1, checkpoint_format: 'gptq_v2' },
  awq: { quant_method: 'awq', bits: 4, group_size: 32 },
};

const IDS = [1, 5, 2, 7, 0, 3, 3, 6, 4, 1, 2];

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});

async function open(name: string): Promise<StoredWeights> {
  const { bytes } = fixture(name);
  if (name !== 'gguf') return storedWeights(tinySpec, CONFIGS[name], tensorsOf(bytes));
  const file = memoryFile(bytes, 'tiny.gguf');
  return ggufWeights(tinySpec, await readGgufHeader(file), file);
}

/** The same weights in float32. */
async function unpacked(stored: StoredWeights): Promise<StoredWeights> {
  const dense = new Map<string, StoredWeight>();
  for (const [name, weight] of stored) {
    const [out, input] = shapeOf(tinySpec, name);
    const content = Uint8Array.from(bytesOf(await valuesOf(weight, out, input)));
    const shape = input === 1 ? [out] : [out, input];
    const place = { begin: 0, end: content.length, dtype: 'F32', shape };
    dense.set(name, { kind: 'dense', tensor: { name, file: memoryFile(content, name), ...place } });
  }
  return dense;
}

async function load(stored: StoredWeights): Promise<Model> {
  const files = [...stored.values()].flatMap((weight) =>
    weight.kind === 'dense' ? [weight.tensor.file] : [],
  );
  const checkpoint: Checkpoint = {
    ...{ config: {}, spec: tinySpec, stored, files, notes: [] },
    ...{
      tokenizer: {},
      tokenizerConfig: {},
      templateFile: undefined,
      generationConfig: undefined,
      texts: {},
    },
  };
  const settings = { load_in_4bit: false, bnb_4bit_use_double_quant: false, dtype: 'float32' as const };
  return await loadModel(device, checkpoint, settings);
}

describe.each([...Object.keys(CONFIGS), 'gguf'])('%s', (name) => {
  let models: readonly [packed: Model, dense: Model];
  beforeAll(async () => {
    const stored = await open(name);
    models = [await load(stored), await load(await unpacked(stored))];
  });
  afterAll(() => {
    for (const model of models) model.destroy();
  });

  test('has the logits of the same weights in float32', async () => {
    const [packed, dense] = models;
    const found = await allLogits(packed, undefined, IDS);
    const expected = await allLogits(dense, undefined, IDS);
    const size = Math.max(...expected.map(Math.abs));
    expect(size).toBeGreaterThan(0.1);
    // The same kernels on the same values: only the last bit of a scale may differ.
    const error = Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)));
    expect(error).toBeLessThan(1e-5 * size);
  });

  test('has them one token at a time', async () => {
    const logits = await allLogits(models[1], undefined, IDS);
    const cache = new SequenceCache(models[0], 64, 64);
    const generator = await Generator.compile(models[0], undefined, cache);
    await generator.next(IDS.slice(0, 4), 0);
    let found = new Float32Array(0);
    for (let past = 4; past < IDS.length; past++)
      found = Float32Array.from(await generator.next([IDS[past]!], past));
    const expected = logits.subarray(-tinySpec.vocabularySize);
    const size = Math.max(...expected.map(Math.abs));
    const error = Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)));
    expect(error).toBeLessThan(1e-4 * size);
    for (const part of [generator, cache]) part.destroy();
  });
});
