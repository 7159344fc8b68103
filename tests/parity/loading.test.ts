import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { floatsOf } from '../../src/core/dtype';
import { DEFAULTS, type LoadSettings } from '../../src/core/settings/settings';
import { writeSafetensors } from '../../src/formats/safetensors';
import { Device } from '../../src/gpu/device';
import { readSpec } from '../../src/models/config';
import { openCheckpoint, type FileReader, type ModelFolder } from '../../src/models/files';
import { modelBytes, rotarySlots, weightSlots } from '../../src/models/layout';
import { layoutOf, loadModel } from '../../src/models/load';
import { quantizedChunks } from '../../src/models/load_pieces';
import type { Model } from '../../src/models/model';
import { checkpointTensors } from '../../src/models/spec';
import { localPreview } from '../../src/session/models/preview';
import { openBase, saveBase } from '../../src/storage/saved_base';
import { CONFIG, folderOf, madeUpTensors, shardsOf } from '../unit/models/made_up';
import { MemoryFiles } from '../unit/storage/memory_files';
import { gpu } from './dawn';
import { formats, loadFixture, loadFormat } from './fixtures';

const MIB = 2 ** 20;
const nf4: LoadSettings = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' };

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});
afterEach(() => {
  expect([...device.buffers.allocated].filter(([, bytes]) => bytes !== 0)).toEqual([]);
});

/** The bytes of all buffers of a model, by slot. */
async function contentOf({ layout, buffers }: Model): Promise<Map<string, Buffer>> {
  const content = new Map<string, Buffer>();
  for (const { slot, bytes } of [...weightSlots(layout), ...rotarySlots(layout)]) {
    content.set(slot, Buffer.from(await device.buffers.read(buffers.get(slot)!, 0, bytes)));
  }
  return content;
}

async function loadedContent(folder: ModelFolder, load: LoadSettings): Promise<Map<string, Buffer>> {
  const model = await loadModel(device, await openCheckpoint(folder), load);
  try {
    return await contentOf(model);
  } finally {
    model.destroy();
  }
}

function expectSame(ours: ReadonlyMap<string, Buffer>, theirs: ReadonlyMap<string, Buffer>): void {
  expect([...ours.keys()]).toEqual([...theirs.keys()]);
  expect([...ours].filter(([slot, bytes]) => Buffer.compare(bytes, theirs.get(slot)!) !== 0)).toEqual([]);
}

test.each(['qwen2', 'gemma3', 'glm'] as const)(
  'a base of %s comes back from storage with the same bytes everywhere',
  async (family) => {
    const { folder } = loadFixture(family);
    for (const load of [nf4, { ...nf4, load_in_4bit: false }, { ...nf4, dtype: 'float16' as const }]) {
      const checkpoint = await openCheckpoint(await openFolder(folder, 'model'));
      const store = new MemoryFiles();
      const model = await loadModel(device, checkpoint, load);
      const content = await contentOf(model);
      const source = { kind: 'files' as const, name: family };
      const id = await saveBase(store, model, checkpoint, { name: family, source, modelHash: family });
      model.destroy();

      const base = (await openBase(store, id))!;
      const again = await loadModel(device, base.checkpoint, base.load);
      expectSame(await contentOf(again), content);
      expect(quantizedChunks(base.checkpoint.stored, again.layout)).toEqual([]);
      again.destroy();

      store.files.get(`bases/${id}/base.bin`)!.fill(1, 100, 104);
      const damaged = (await openBase(store, id))!;
      await expect(loadModel(device, damaged.checkpoint, base.load)).rejects.toMatchObject({
        code: 'base_damaged',
      });
    }
  },
);

test.each(formats)('a base of %s, as published, comes back the same', async (format) => {
  const checkpoint = await openCheckpoint(await openFolder(loadFormat(format).folder, 'model'));
  const store = new MemoryFiles();
  const model = await loadModel(device, checkpoint, nf4);
  const content = await contentOf(model);
  const source = { kind: 'files' as const, name: format };
  const id = await saveBase(store, model, checkpoint, { name: format, source, modelHash: format });
  model.destroy();
  const again = await loadModel(device, (await openBase(store, id))!.checkpoint, nf4);
  expectSame(await contentOf(again), content);
  again.destroy();
});

test('shards, in whatever order, load as one file does', async () => {
  const tensors = madeUpTensors(CONFIG);
  const one = folderOf({ 'model.safetensors': writeSafetensors(tensors) });
  for (const load of [nf4, { ...nf4, load_in_4bit: false }]) {
    const expected = await loadedContent(one, load);
    expectSame(await loadedContent(folderOf(shardsOf(tensors, 3)), load), expected);
    expectSame(await loadedContent(folderOf(shardsOf(tensors.toReversed(), 4)), load), expected);
  }
});

describe.each(['F32', 'F16', 'BF16'] as const)('weights in %s', (dtype) => {
  const tensors = madeUpTensors(CONFIG, dtype);
  const folder = folderOf({ 'model.safetensors': writeSafetensors(tensors) });

  test.each(['auto', 'float16', 'float32'] as const)('without quantising, as %s', async (wanted) => {
    const content = await loadedContent(folder, { ...nf4, load_in_4bit: false, dtype: wanted });
    for (const { name, shape, data } of tensors) {
      const bytes = new Uint8Array(content.get(name)!);
      if (wanted === 'auto' && shape.length === 2) expect(Buffer.compare(bytes, data)).toBe(0);
      else {
        const stored = floatsOf(dtype, data);
        const ours = floatsOf(wanted === 'float16' && shape.length === 2 ? 'F16' : 'F32', bytes);
        const half = wanted === 'float16' && shape.length === 2 ? 2 ** -11 : 0;
        const off = ours.findIndex(
          (value, i) => Math.abs(value - stored[i]!) > half * Math.abs(stored[i]!) + half * 2 ** -14,
        );
        expect([name, ours.length, off]).toEqual([name, stored.length, -1]);
      }
    }
  });
});

test('a value that float16 can’t hold is refused, naming its tensor, and nothing stays on the device', async () => {
  const tensors = madeUpTensors(CONFIG, 'BF16');
  const name = 'model.layers.1.mlp.up_proj.weight';
  // 0x4780 is 65536.
  new Uint16Array(tensors.find((tensor) => tensor.name === name)!.data.buffer)[5] = 0x4780;
  const folder = folderOf({ 'model.safetensors': writeSafetensors(tensors) });
  const load = { ...nf4, load_in_4bit: false, dtype: 'float16' as const };
  await expect(loadedContent(folder, load)).rejects.toMatchObject({
    code: 'dtype_range',
    message: expect.stringContaining(name) as string,
  });
});

test('a stop in the midst, or a file that can’t be read, leaves nothing on the device', async () => {
  const folder = folderOf(shardsOf(madeUpTensors(CONFIG), 3));
  const control = new AbortController();
  const checkpoint = await openCheckpoint(folder);
  const names: string[] = [];
  const stopped = loadModel(
    device,
    checkpoint,
    nf4,
    ({ name }) => {
      names.push(name);
      if (names.length === 2) control.abort();
    },
    control.signal,
  );
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
  expect(names).toHaveLength(2);

  const last = [...folder.keys()].find((name) => name.startsWith('model-00003'))!;
  const broken = new Map(folder);
  broken.set(last, {
    ...folder.get(last)!,
    read: (begin, end) =>
      end > 4096 ? Promise.reject(new Error('cut')) : folder.get(last)!.read(begin, end),
  });
  await expect(loadedContent(broken, nf4)).rejects.toThrow('cut');
});

test('progress counts up to all bytes', async () => {
  const model = await openCheckpoint(folderOf(shardsOf(madeUpTensors(CONFIG), 2)));
  const seen: number[] = [];
  let total = 0;
  const loaded = await loadModel(device, model, nf4, ({ bytes, totalBytes }) => {
    seen.push(bytes);
    total = totalBytes;
  });
  loaded.destroy();
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen[0]).toBe(0);
  const { files } = model;
  expect(total).toBeLessThanOrEqual(files.reduce((sum, { size }) => sum + size, 0));
  expect(total).toBeGreaterThan(0.9 * files.reduce((sum, { size }) => sum + size, 0));
});

/** Files too large to be held, whose bytes are made up when they are read. */
const LARGE = {
  ...CONFIG,
  hidden_size: 1024,
  num_attention_heads: 16,
  num_key_value_heads: 4,
  intermediate_size: 4096,
  vocab_size: 32768,
};

function largeFolder(read: (bytes: number) => Promise<Uint8Array<ArrayBuffer>>): ModelFolder {
  const spec = readSpec(LARGE);
  const header: Record<string, unknown> = {};
  let size = 0;
  for (const { name, shape } of checkpointTensors(spec)) {
    const bytes = shape.reduce((product, length) => product * length, 2);
    header[name] = { dtype: 'BF16', shape, data_offsets: [size, (size += bytes)] };
  }
  const text = JSON.stringify(header);
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const start = Buffer.alloc(8 + json.length);
  start.writeBigUInt64LE(BigInt(json.length));
  start.set(json, 8);
  const file: FileReader = {
    name: 'model.safetensors',
    size: start.length + size,
    read: async (begin, end) =>
      end <= start.length ? new Uint8Array(start.subarray(begin, end)) : await read(end - begin),
  };
  return new Map(folderOf({}, LARGE)).set(file.name, file);
}

describe('a checkpoint of 200 MB', () => {
  const collect = (() => {
    setFlagsFromString('--expose-gc');
    return runInNewContext('gc') as () => void;
  })();
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test.each([
    ['quantised', nf4],
    ['as stored', { ...nf4, load_in_4bit: false }],
    ['as float32', { ...nf4, load_in_4bit: false, dtype: 'float32' as const }],
  ] as const)('is never held with more than 64 MiB, %s', async (_, load) => {
    let live = 0;
    let mostLive = 0;
    let mostBuffers = 0;
    const freed = new FinalizationRegistry<number>((bytes) => (live -= bytes));
    await settled();
    collect();
    const before = process.memoryUsage().arrayBuffers;
    const folder = largeFolder(async (length) => {
      // Collects garbage before counting, so that only held memory counts.
      await settled();
      collect();
      await settled();
      const buffer = new ArrayBuffer(length);
      new Uint16Array(buffer).fill(0x3c01);
      freed.register(buffer, length);
      live += length;
      mostLive = Math.max(mostLive, live);
      mostBuffers = Math.max(mostBuffers, process.memoryUsage().arrayBuffers - before);
      return new Uint8Array(buffer);
    });
    const model = await loadModel(device, await openCheckpoint(folder), load);
    model.destroy();
    expect(mostLive).toBeGreaterThanOrEqual(8 * MIB);
    expect(mostLive).toBeLessThanOrEqual(64 * MIB);
    expect(mostBuffers).toBeLessThanOrEqual(64 * MIB);
  });
});

test('while loading, the device holds the model and one piece: never more than the plan of the smallest run', async () => {
  const fresh = await Device.open(gpu, { defaultLimits: true });
  const folder = largeFolder((length) => Promise.resolve(new Uint8Array(length).fill(0x3c)));
  const checkpoint = await openCheckpoint(folder);
  const { limits } = fresh;
  const layout = layoutOf(checkpoint, nf4, limits.maxStorageBufferBindingSize);
  const model = await loadModel(fresh, checkpoint, nf4);
  const { peak } = fresh.buffers;
  model.destroy();
  fresh.destroy();
  expect(peak).toBeGreaterThan(modelBytes(layout));
  expect(peak - modelBytes(layout)).toBeLessThan(11 * MIB);
  const smallest = { ...DEFAULTS, r: 1, max_seq_length: 64, per_device_train_batch_size: 1 };
  for (const settings of [DEFAULTS, smallest]) {
    // The preview before a model is opened.
    const { memoryTotal } = localPreview('large', checkpoint, [], { load: nf4, settings, limits });
    expect(peak).toBeLessThanOrEqual(memoryTotal);
  }
});
