import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Device } from '../../src/gpu/device';
import { Adapter } from '../../src/models/adapter';
import { readAdapterFiles } from '../../src/models/adapter_files';
import { openCheckpoint, type Checkpoint } from '../../src/models/files';
import { loadModel } from '../../src/models/load';
import { allLogits } from '../../src/models/logits';
import { logitsByParts, type ByPartsOptions } from '../../src/models/logits_by_parts';
import { openFolder } from '../../src/cli/files';
import { gpu } from './dawn';
import { loadFixture, loadFormat, modelPath, type Fixture } from './fixtures';

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu);
});
afterAll(() => device.destroy());

const AS_STORED = { load_in_4bit: false, bnb_4bit_use_double_quant: false, dtype: 'auto' } as const;
const open = async (fixture: Fixture): Promise<Checkpoint> =>
  await openCheckpoint(await openFolder(modelPath(fixture), 'model'));
const idsOf = ({ spec }: Checkpoint): number[] =>
  Array.from({ length: 16 }, (_, i) => (i * 7919) % spec.vocabularySize);

/** Between them: biases, derived values, norms of heads, windows, short convolutions, a tower, a head of its own, and packed weights. */
const cases: readonly [string, Fixture][] = [
  ...(['dora/qwen2', 'gemma3_conditional', 'lfm2', 'glm'] as const).map((family): [string, Fixture] => [
    family,
    loadFixture(family),
  ]),
  ...(['awq', 'gguf_llama_k'] as const).map((format): [string, Fixture] => [format, loadFormat(format)]),
];

describe('logits part by part', () => {
  it.each(cases)('are those of the whole model to the bit: %s', async (_, fixture) => {
    const checkpoint = await open(fixture);
    const ids = idsOf(checkpoint);
    const model = await loadModel(device, checkpoint, AS_STORED);
    const read = await readAdapterFiles(await openFolder(fixture.adapterFolder, 'adapter'), checkpoint.spec);
    const adapter = new Adapter(device, read.layout);
    adapter.writeParameters(read.parameters);
    try {
      expect(await logitsByParts(device, checkpoint, ids)).toEqual(await allLogits(model, undefined, ids));
      expect(await logitsByParts(device, checkpoint, ids, { adapter })).toEqual(
        await allLogits(model, adapter, ids),
      );
    } finally {
      adapter.destroy();
      model.destroy();
    }
  });

  it('are computed in float32, as those of the whole model, if kernels in half precision are the fastest', async () => {
    const checkpoint = await open(loadFixture('lfm2'));
    const ids = idsOf(checkpoint);
    const model = await loadModel(device, checkpoint, AS_STORED);
    const expected = await allLogits(model, undefined, ids);
    const { limits } = device;
    // This device has no half precision, so a kernel in it would fail.
    const halves = vi.spyOn(device, 'limits', 'get').mockReturnValue({
      ...limits,
      features: { ...limits.features, f16: true },
      choose: (choice) => choice.candidates.find((name) => name.includes('f16')) ?? limits.choose(choice),
    });
    try {
      expect(await allLogits(model, undefined, ids)).toEqual(expected);
      expect(await logitsByParts(device, checkpoint, ids)).toEqual(expected);
    } finally {
      halves.mockRestore();
      model.destroy();
    }
  });

  it('hold one part at a time, tell each, and free all of them if they are stopped', async () => {
    const checkpoint = await open(loadFixture('lfm2'));
    const { blocks } = checkpoint.spec;
    const stop = new AbortController();
    const bytes = (): number => device.buffers.allocated.get('base') ?? 0;
    const before = bytes();
    const told: string[] = [];
    const options: ByPartsOptions = {
      signal: stop.signal,
      onProgress(done, parts) {
        expect(bytes()).toBe(before);
        told.push(`${done}/${parts}`);
        if (done === 2) stop.abort();
      },
    };
    await expect(logitsByParts(device, checkpoint, idsOf(checkpoint), options)).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }) as Error,
    );
    expect(told).toEqual([0, 1, 2].map((done) => `${done}/${blocks.length + 1}`));
    expect(bytes()).toBe(before);
  });
});
