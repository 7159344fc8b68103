import { readFile } from 'node:fs/promises';
import { beforeAll, beforeEach, describe, expect, test, onTestFinished, vi } from 'vitest';
import { concatBytes, sha256Hex } from '../../../src/core/bytes';
import { memoryFile } from '../../../src/core/file_reader';
import type { LoadSettings } from '../../../src/core/settings/settings';
import { writeSafetensors } from '../../../src/formats/safetensors';
import type { ReadableModel } from '../../../src/models/base_file';
import { openCheckpoint, type Checkpoint } from '../../../src/models/files';
import { slotsOf } from '../../../src/models/layout';
import { layoutOf } from '../../../src/models/load';
import { PIECE_BYTES } from '../../../src/models/pieces';
import {
  findBase,
  listBases,
  removeBase,
  removeUnfinishedBases,
  removeUnneededBases,
} from '../../../src/storage/bases';
import { baseId, openBase, saveBase, type BaseDescription } from '../../../src/storage/saved_base';
import { readJson, writeJson } from '../../../src/storage/file_store';
import { CONFIG, folderOf, madeUpTensors } from '../models/made_up';
import { MemoryFiles } from './memory_files';

const load: LoadSettings = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' };
const files: BaseDescription = { name: 'mine', source: { kind: 'files', name: 'mine' }, modelHash: 'aa' };
const hub: BaseDescription = {
  name: 'owner/model',
  source: {
    kind: 'hub',
    repo: 'owner/model',
    commit: 'c0ffee',
    revision: 'main',
    endpoint: 'https://hub.test',
  },
  modelHash: 'bb',
};
/** So that there are three pieces: the embedding has 12 MiB, the head as well. */
const wide = { ...CONFIG, vocab_size: 96 * 1024 };

async function ggufCheckpoint(): Promise<Checkpoint> {
  const path = new URL('../../parity/fixtures/formats/gguf_qwen2/model.gguf', import.meta.url);
  const file = memoryFile('model.gguf', new Uint8Array(await readFile(path)));
  return await openCheckpoint(new Map([[file.name, file]]));
}

/** A model whose buffers are arrays: what a device would give back, and what was put there. */
function fakeModel(checkpoint: Checkpoint, settings: LoadSettings = load, maxBinding = 2 ** 22) {
  const layout = layoutOf(checkpoint, settings, maxBinding);
  const slots = [...layout.tensors.values()].flatMap(slotsOf);
  const content = new Map(slots.map(({ slot, bytes }, index) => [slot, filled(bytes, index)]));
  const labelled = new Map(slots.map(({ slot }) => [slot, { label: slot } as GPUBuffer]));
  const model: ReadableModel = {
    layout,
    buffers: labelled,
    device: {
      buffers: {
        readRanges: (ranges) =>
          Promise.resolve(
            concatBytes(
              ranges.map(({ buffer, offset, bytes }) =>
                content.get(buffer.label)!.subarray(offset, offset + bytes),
              ),
            ).buffer,
          ),
      },
    },
  };
  return { model, whole: concatBytes([...content.values()]) };
}

const filled = (bytes: number, seed: number): Uint8Array => {
  const values = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) values[i] = (i * 31 + seed * 7 + (i >> 9)) & 255;
  return values;
};

let store: MemoryFiles;
beforeEach(() => {
  store = new MemoryFiles();
});
let checkpoint: Checkpoint;
beforeAll(async () => {
  checkpoint = await openCheckpoint(
    folderOf({ 'model.safetensors': writeSafetensors(madeUpTensors(CONFIG)) }),
  );
});

const wideCheckpoint = async (): Promise<Checkpoint> => {
  const tensors = madeUpTensors(CONFIG).map((tensor) =>
    tensor.shape[0] === 96 && tensor.shape.length === 2
      ? { ...tensor, shape: [96 * 1024, 64], data: new Uint8Array(96 * 1024 * 64 * 2) }
      : tensor,
  );
  return await openCheckpoint(folderOf({ 'model.safetensors': writeSafetensors(tensors) }, wide));
};

test('a base comes back as a checkpoint in which nothing is left to be done, with every byte', async () => {
  const original = await wideCheckpoint();
  const { model, whole } = fakeModel(original);
  const fractions: number[] = [];
  const id = await saveBase(store, model, original, hub, { onProgress: (done) => fractions.push(done) });
  expect(fractions.length).toBe(Math.ceil(whole.length / PIECE_BYTES));
  expect(fractions.length).toBeGreaterThanOrEqual(3);
  expect(fractions.at(-1)).toBe(1);
  expect(Buffer.compare(store.files.get(`bases/${id}/base.bin`)!, whole)).toBe(0);

  const base = (await openBase(store, id))!;
  expect(base).toMatchObject({ id, ...hub, load, checkpoint: { config: wide, tokenizer: {}, notes: [] } });
  // Another device may allow other sizes: what is split there differs, what is in it doesn't.
  const other = layoutOf(base.checkpoint, load, 2 ** 27);
  expect([...other.tensors.keys()]).toEqual([...model.layout.tensors.keys()]);
  let at = 0;
  for (const tensor of base.checkpoint.stored.values()) {
    const parts = tensor.kind === 'dense' ? [tensor.tensor] : [];
    if (tensor.kind === 'packed') {
      for (const source of Object.values(tensor.buffers)) if ('copy' in source) parts.push(source.copy);
    }
    for (const { file, begin, end } of parts) {
      expect(begin).toBe(at);
      expect(Buffer.compare(await file.read(begin, end), whole.subarray(begin, end))).toBe(0);
      at = end;
    }
  }
  expect(at).toBe(whole.length);
});

test('what is added to norms is added once', async () => {
  const gemma = { ...checkpoint, spec: { ...checkpoint.spec, normOffset: 1 as const } };
  const { model } = fakeModel(gemma);
  const base = await openBase(store, await saveBase(store, model, gemma, files));
  const norm = layoutOf(base!.checkpoint, load, 2 ** 27).tensors.get('model.norm.weight');
  expect(model.layout.tensors.get('model.norm.weight')).toMatchObject({ add: 1 });
  expect(norm).not.toHaveProperty('add', 1);
});

test('of a GGUF file has its tokenizer byte by byte, and its vocabulary once', async () => {
  const { tokenizer, ggufTokenizer } = await ggufCheckpoint();
  const facts = { ...checkpoint, tokenizer, ggufTokenizer };
  const id = await saveBase(store, fakeModel(checkpoint).model, facts, files);
  expect((await openBase(store, id))?.checkpoint).toMatchObject({ tokenizer, ggufTokenizer });
  const [small, manifest] = [`bases/${id}/facts.json`, `bases/${id}/manifest.json`];
  expect(await readJson(store, small)).not.toHaveProperty('tokenizer');

  // Earlier versions stored both.
  const first = { type: 'first' };
  await writeJson(store, small, { ...((await readJson(store, small)) as object), tokenizer: first });
  const hash = await sha256Hex(store.files.get(small)!);
  await writeJson(store, manifest, { ...((await readJson(store, manifest)) as object), facts: hash });
  expect((await openBase(store, id))?.checkpoint).toMatchObject({ tokenizer: first, ggufTokenizer });
});

test('kept once, listed with its size, found again, removed', async () => {
  const { model } = fakeModel(checkpoint);
  const id = await saveBase(store, model, checkpoint, hub);
  const changes = store.changes;
  expect(await saveBase(store, model, checkpoint, hub)).toBe(id);
  expect(store.changes).toBe(changes);
  const dense = { ...load, load_in_4bit: false };
  const second = await saveBase(store, fakeModel(checkpoint, dense).model, checkpoint, files);
  const listed = await listBases(store);
  expect(listed.map((base) => base.id).sort()).toEqual([id, second].sort());
  for (const base of listed) expect(base.bytes).toBe(await store.size(`bases/${base.id}`));

  const found = async (query: Parameters<typeof findBase>[1]) => (await findBase(store, query))?.id;
  const { source } = hub;
  const endpoint = source.kind === 'hub' ? source.endpoint : '';
  const asked = { endpoint, repo: 'owner/model', load };
  expect(await found(asked)).toBe(id);
  expect(await found({ ...asked, revision: 'main' })).toBe(id);
  expect(await found({ ...asked, revision: 'c0ffee' })).toBe(id);
  expect(await found({ ...asked, revision: 'v2' })).toBeUndefined();
  expect(await found({ ...asked, load: dense })).toBeUndefined();
  // Another endpoint may have anything under this name or commit.
  expect(await found({ ...asked, endpoint: 'https://mirror.test' })).toBeUndefined();
  expect(await found({ ...asked, endpoint: 'https://mirror.test', revision: 'c0ffee' })).toBeUndefined();
  expect(await found({ modelHash: 'aa', load: dense })).toBe(second);
  // Without NF4 there is nothing to quantise twice.
  expect(await found({ modelHash: 'aa', load: { ...dense, bnb_4bit_use_double_quant: false } })).toBe(second);

  await removeBase(store, id);
  expect((await listBases(store)).map((base) => base.id)).toEqual([second]);
  expect(await openBase(store, id)).toBeUndefined();
  expect([...store.files.keys()].every((path) => path.startsWith(`bases/${second}/`))).toBe(true);
});

test('opening says when it was used last', async () => {
  const id = await saveBase(store, fakeModel(checkpoint).model, checkpoint, files);
  const [before] = await listBases(store);
  vi.setSystemTime(before!.usedAt + 5);
  onTestFinished(() => void vi.useRealTimers());
  await openBase(store, id);
  const [after] = await listBases(store);
  expect(after!.usedAt).toBe(before!.usedAt + 5);
  expect(after!.createdAt).toBe(before!.createdAt);
});

test('a disk with no room left is no hindrance to opening', async () => {
  const id = await saveBase(store, fakeModel(checkpoint).model, checkpoint, files);
  const full = new MemoryFiles(store.files, { at: 1, kind: 'fail' });
  expect(await openBase(full, id)).toMatchObject({ id });
  expect(full.changes).toBe(1);
});

test('commits, endpoints, loads and contents have bases of their own; names have not', async () => {
  const { source } = hub;
  const commit = { ...hub, source: { ...source, commit: 'beef' } } as BaseDescription;
  const mirror = { ...hub, source: { ...source, endpoint: 'https://mirror.test' } } as BaseDescription;
  const id = await baseId(hub, load);
  expect(await baseId({ ...hub, name: 'x' }, load)).toBe(id);
  const others = [commit, mirror, files].map((each) => baseId(each, load));
  const dtype = baseId(hub, { ...load, dtype: 'float16' });
  expect(new Set([id, await dtype, ...(await Promise.all(others))]).size).toBe(5);
});

describe('damage', () => {
  const damaged = { code: 'base_damaged' };
  let id: string;
  beforeEach(async () => {
    id = await saveBase(store, fakeModel(checkpoint).model, checkpoint, files);
  });
  const read = async (): Promise<void> => {
    const base = await openBase(store, id);
    const [file] = base!.checkpoint.files;
    await file!.read(0, file!.size);
  };
  const at = (name: string): string => `bases/${id}/${name}`;

  test('a flipped bit of the weights', async () => {
    await read();
    const bytes = store.files.get(at('base.bin'))!;
    bytes[bytes.length - 1]! ^= 1;
    await expect(read()).rejects.toMatchObject(damaged);
  });

  test('weights that were cut, or are gone', async () => {
    const bytes = store.files.get(at('base.bin'))!;
    store.files.set(at('base.bin'), bytes.slice(0, -4));
    await expect(read()).rejects.toMatchObject(damaged);
    store.files.delete(at('base.bin'));
    await expect(read()).rejects.toMatchObject(damaged);
  });

  test('small files that were changed, or are gone', async () => {
    const text = new TextDecoder().decode(store.files.get(at('facts.json')));
    store.files.set(
      at('facts.json'),
      new TextEncoder().encode(text.replace('"vocab_size":96', '"vocab_size":95')),
    );
    await expect(read()).rejects.toMatchObject(damaged);
    store.files.delete(at('facts.json'));
    await expect(read()).rejects.toMatchObject(damaged);
  });

  const Q = 'model.layers.0.self_attn.q_proj.weight';
  test.each<[string, (manifest: Record<string, unknown> & { forms: Record<string, unknown> }) => unknown]>([
    ['a form that is missing', ({ forms }) => Reflect.deleteProperty(forms, Q)],
    ['a form that is one too many', ({ forms }) => (forms['model.extra'] = 'f16')],
    ['a form of another size', ({ forms }) => (forms[Q] = 'f32')],
    ['a packing that does not fit', ({ forms }) => (forms[Q] = { format: 'q4_k' })],
    ['an embedding that is packed', ({ forms }) => (forms['model.embed_tokens.weight'] = { format: 'q8_0' })],
    ['another number of hashes', (manifest) => (manifest['pieces'] = [])],
    ['another number of bytes', (manifest) => (manifest['bytes'] = 4)],
  ])('a manifest with %s', async (_, change) => {
    const manifest = JSON.parse(new TextDecoder().decode(store.files.get(at('manifest.json')))) as {
      forms: Record<string, unknown>;
    };
    change(manifest);
    store.files.set(at('manifest.json'), new TextEncoder().encode(JSON.stringify(manifest)));
    await expect(read()).rejects.toMatchObject(damaged);
  });

  test('a manifest that makes no sense is no base; one of a later version is let be', async () => {
    for (const manifest of ['{', '{"format":"tunesmith-base-2"}', 'null']) {
      store.files.set(at('manifest.json'), new TextEncoder().encode(manifest));
      expect(await openBase(store, id)).toBeUndefined();
      expect(await listBases(store)).toEqual([]);
      await removeUnfinishedBases(store);
      expect(store.files.has(at('base.bin'))).toBe(true);
    }
  });
});

test('names that lead elsewhere name no base', async () => {
  for (const id of ['..', '../runs', '', 'x'.repeat(32)]) expect(await openBase(store, id)).toBeUndefined();
});

describe('half a base', () => {
  test.each([1, 2, 3, 4, 5, 6])(
    'after a crash at change %i is never opened, and is cleared away',
    async (change) => {
      const crashing = new MemoryFiles(new Map(), { at: change, kind: 'torn' });
      const { model } = fakeModel(checkpoint);
      const id = await baseId(files, load);
      const failed = await saveBase(crashing, model, checkpoint, files).then(
        () => false,
        () => true,
      );
      const after = new MemoryFiles(crashing.files);
      const opened = await openBase(after, id);
      if (failed) {
        expect(opened).toBeUndefined();
        await removeUnfinishedBases(after);
        const left = [...after.files.keys()].filter((path) => !path.includes('manifest.json'));
        expect(left.length === 0 || after.files.has(`bases/${id}/manifest.json`)).toBe(true);
        expect(await saveBase(after, model, checkpoint, files)).toBe(id);
      }
      expect(await openBase(after, id)).toBeDefined();
    },
  );

  test('too little room is said before anything is written, with how much is needed', async () => {
    store.room = 1000;
    const error: unknown = await saveBase(store, fakeModel(checkpoint).model, checkpoint, files).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ code: 'storage_full' });
    expect((error as Error).message).toMatch(/needs [\d.]+ kB, and there is room for 1 kB/);
    expect(store.files.size).toBe(0);
  });

  test('a stop leaves nothing', async () => {
    const original = await wideCheckpoint();
    const control = new AbortController();
    const saving = saveBase(store, fakeModel(original).model, original, files, {
      signal: control.signal,
      onProgress: () => control.abort(),
    });
    await expect(saving).rejects.toMatchObject({ name: 'AbortError' });
    expect(store.files.size).toBe(0);
  });
});

test('removes the bases of files that no run needs and what crashes left, and keeps those of a hub', async () => {
  const files = new MemoryFiles();
  const id = (digit: string): string => digit.repeat(32);
  const keep = async (digit: string, source: object): Promise<void> => {
    const manifest = {
      format: 'tunesmith-base-1',
      id: id(digit),
      name: 'One',
      source,
      modelHash: 'h',
      load: { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' },
      forms: {},
      bytes: 0,
      pieces: [],
      facts: '',
      createdAt: 1,
      usedAt: 1,
    };
    await writeJson(files, `bases/${id(digit)}/manifest.json`, manifest);
  };
  await keep('1', { kind: 'files', name: 'One' });
  await keep('2', { kind: 'files', name: 'One' });
  await keep('3', { kind: 'hub', repo: 'a/b', commit: 'c', endpoint: 'https://huggingface.co' });
  await files.write(`bases/${id('4')}/base.bin`, new Uint8Array(5));
  await removeUnneededBases(files, new Set([id('1'), undefined]));
  expect((await listBases(files)).map((base) => base.id).sort()).toEqual([id('1'), id('3')]);
  expect(await files.list(`bases/${id('4')}`)).toEqual([]);
});
