import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { TunesmithError } from '../../src/core/errors';
import { inEnglish } from '../../src/core/messages/english';
import { requireModelReference } from '../../src/core/model_reference';
import { DEFAULTS, type LoadSettings } from '../../src/core/settings/settings';
import { readTensors } from '../../src/formats/safetensors';
import { Device } from '../../src/gpu/device';
import { loadableFolder } from '../../src/session/models/loadable';
import { ModelLibrary } from '../../src/session/models/library';
import type { Progress } from '../../src/session/progress';
import { Session } from '../../src/session/session';
import { storageFull, type FileStore } from '../../src/storage/file_store';
import { nodeFiles } from '../../src/storage/node_files';
import { FAULT_KINDS, faultOf, seededFaults } from '../hub/faults';
import { startHub, type RunningHub } from '../hub/server';
import { gpu } from './dawn';
import { loadFixture } from './fixtures';

/** A model of a hub, from its name to a base that is kept: against a hub at localhost, on a device. */

const load: LoadSettings = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' };
const IDS = [1, 2, 3, 4, 5];
const fixture = loadFixture('qwen3');
const format = (name: string): string => fileURLToPath(new URL(`fixtures/formats/${name}`, import.meta.url));
const folders: Readonly<Record<string, string>> = {
  'tiny/qwen3': fixture.folder,
  'tiny/shards': format('shards'),
  'tiny/bnb': format('bnb_nf4_double'),
  'tiny/gptq': format('gptq'),
  'tiny/awq': format('awq'),
  'tiny/gguf': format('gguf_qwen2'),
};

let device: Device;
let hub: RunningHub;
let cache: string;
beforeAll(async () => {
  device = await Device.open(gpu);
});
afterAll(() => device.destroy());
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'tunesmith-library-'));
  hub = await startHub({
    models: Object.entries(folders).map(([repo, files]) => ({ repo, files, license: 'mit' })),
  });
});
afterEach(async () => {
  await hub.close();
  await rm(cache, { recursive: true, force: true });
});

/** A program that was just started: nothing of it but the cache was there before. */
function start(store: FileStore = nodeFiles(cache)): { session: Session; library: ModelLibrary } {
  const session = new Session({ openDevice: () => Promise.resolve(device) });
  const library = new ModelLibrary(session, {
    store: () => Promise.resolve(store),
    locks: undefined,
    persist: () => Promise.resolve(true),
    hub: { sleep: () => Promise.resolve() },
  });
  library.setHub({ endpoint: hub.url });
  return { session, library };
}

async function open(
  repo: string,
  onProgress: (told: Progress) => void = () => undefined,
  signal?: AbortSignal,
) {
  const started = start();
  await started.library.open({ kind: 'hub', reference: requireModelReference(repo) }, load, {
    onProgress,
    signal,
  });
  return started;
}

async function logitsFromDisk(folder: string): Promise<Float32Array> {
  const { session } = start();
  await session.open(
    await loadableFolder(await openFolder(folder, 'model'), { name: 'disk', source: 'files' }, load),
  );
  const logits = await session.logits(IDS);
  session.closeModel();
  return logits;
}

describe('a model of a hub', () => {
  it.each(Object.keys(folders))(
    '%s is the one on the disk, and the second time needs no network',
    async (repo) => {
      const expected = await logitsFromDisk(folders[repo]!);
      const first = await open(repo);
      expect(await first.session.logits(IDS)).toEqual(expected);
      const { identity } = first.session.model;
      const { modelHash } = first.session;
      expect(identity).toMatchObject({ repo, source: 'hub', license: 'mit' });
      first.session.closeModel();
      // The weights as published have made room for the base.
      expect(await first.library.saved()).toMatchObject([{ name: repo, partial: false, load }]);
      hub.offline = true;
      const { session } = await open(repo);
      expect(await session.logits(IDS)).toEqual(expected);
      expect(session.modelHash).toBe(modelHash);
      expect(session.model.identity).toEqual(identity);
      session.closeModel();
    },
  );

  it('lets the weights as published be read again, and removes them afterwards', async () => {
    (await open('tiny/qwen3')).session.closeModel();
    const { session, library } = await open('tiny/qwen3');
    expect(session.loadable.baseId).toBeDefined();
    const name = 'model.layers.0.self_attn.q_proj.weight';
    const read = await session.loadable.fetchAgain!(
      (stored) => {
        expect(stored.get(name)?.kind).toBe('dense');
      },
      async (stored) => {
        const weight = stored.get(name);
        if (weight?.kind !== 'dense') throw new Error(`${name} is not dense`);
        expect(await library.saved()).toHaveLength(2);
        return await weight.tensor.file.read(weight.tensor.begin, weight.tensor.end);
      },
      { onProgress: () => undefined },
    );
    const { tensors } = readTensors(await readFile(join(fixture.folder, 'model.safetensors')));
    const expected = tensors.get(name)!.data;
    expect(read).toEqual(new Uint8Array(expected.buffer, expected.byteOffset, expected.byteLength));
    expect(await library.saved()).toMatchObject([{ name: 'tiny/qwen3', partial: false }]);
    session.closeModel();
  });

  it('is not fetched again if something speaks against its weights, or its hub is not the chosen one', async () => {
    const { session, library } = await open('tiny/gptq');
    hub.requests.length = 0;
    const refused = new Error('quantised');
    const again = session.loadable.fetchAgain!(
      () => {
        throw refused;
      },
      () => Promise.reject(new Error('it was read')),
      { onProgress: () => undefined },
    );
    await expect(again).rejects.toBe(refused);
    hub.offline = true;
    const unreachable = session.loadable.fetchAgain!(
      () => undefined,
      () => Promise.reject(new Error('it was read')),
      { onProgress: () => undefined },
    );
    await expect(unreachable).rejects.toMatchObject({ code: 'endpoint_unreachable' });
    hub.offline = false;
    library.setHub({ endpoint: 'https://elsewhere.example' });
    hub.requests.length = 0;
    const other = session.loadable.fetchAgain!(
      () => undefined,
      () => Promise.reject(new Error('it was read')),
      { onProgress: () => undefined },
    );
    await expect(other).rejects.toMatchObject({ code: 'endpoint_differs' });
    expect(hub.requests).toEqual([]);
    session.closeModel();
  });

  it('goes on where it was stopped, and counts only when it is whole', async () => {
    hub.faults = faultOf('stall', 'model.safetensors', Infinity);
    const stop = new AbortController();
    const told: Progress[] = [];
    const stopped = open(
      'tiny/qwen3',
      (progress) => {
        told.push(progress);
        if ((progress.fraction ?? 0) > 0.1 && progress.totalBytes !== undefined) stop.abort();
      },
      stop.signal,
    );
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    const { library } = start();
    const [kept] = await library.saved();
    expect(kept).toMatchObject({ name: 'tiny/qwen3', partial: true });
    expect(kept!.bytes).toBeGreaterThan(0);
    hub.faults = undefined;
    hub.requests.length = 0;
    const { session } = await open('tiny/qwen3');
    expect(await session.logits(IDS)).toEqual(await logitsFromDisk(fixture.folder));
    expect(hub.requests.some(({ range }) => range !== undefined && !range.startsWith('bytes=0-'))).toBe(true);
    session.closeModel();
  });

  it('comes over bad lines as the right one or ends in a clear error', async () => {
    const expected = await logitsFromDisk(format('gptq'));
    // Those that only take time are left out.
    const kinds = FAULT_KINDS.filter((kind) => kind !== 'stall' && kind !== 'slow');
    let opened = 0;
    for (let seed = 1; seed <= 12; seed++) {
      hub.faults = seededFaults(seed, 0.5, 3, kinds);
      try {
        const { session } = await open('tiny/gptq');
        expect(await session.logits(IDS)).toEqual(expected);
        session.closeModel();
        opened++;
      } catch (error) {
        expect(error).toBeInstanceOf(TunesmithError);
        expect((error as TunesmithError).code).toMatch(/^(download|repository|endpoint)_/);
      }
      await rm(cache, { recursive: true, force: true });
    }
    expect(opened).toBeGreaterThan(6);
  });

  it('is refused before any of its weights are asked for', async () => {
    const config = JSON.parse(await readFile(join(fixture.folder, 'config.json'), 'utf8')) as object;
    await hub.push('tiny/qwen3', {
      'config.json': JSON.stringify({ ...config, architectures: ['MambaForCausalLM'] }),
      'tokenizer.json': '{}',
      'tokenizer_config.json': '{}',
      'model.safetensors': new Uint8Array(1000),
    });
    await expect(open('tiny/qwen3')).rejects.toMatchObject({ code: 'architecture_unsupported' });
    expect(hub.requests.filter(({ url }) => url.includes('safetensors'))).toEqual([]);
    expect(await start().library.saved()).toEqual([]);
  });

  it('is fetched again where what was kept is damaged', async () => {
    const { session, library } = await open('tiny/qwen3');
    const expected = await session.logits(IDS);
    session.closeModel();
    const [base] = await library.saved();
    const store = nodeFiles(cache);
    const writer = await store.openWriter(`bases/${base!.id}/base.bin`);
    await writer.write(1000, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    await writer.close();
    const again = await open('tiny/qwen3');
    expect(await again.session.logits(IDS)).toEqual(expected);
    again.session.closeModel();
  });

  it('is told of before it is fetched, and where the hub has a newer one', async () => {
    const { library } = start();
    const { limits } = device;
    const wanted = { load, settings: { ...DEFAULTS, max_seq_length: 512 }, limits };
    for (const repo of Object.keys(folders)) {
      const reference = requireModelReference(repo);
      const preview = await library.preview({ kind: 'hub', reference }, wanted);
      expect(preview).toMatchObject({ repo, license: 'mit', gated: false, alreadyStored: false, fits: true });
      expect(preview.downloadBytes).toBeGreaterThan(0);
    }
    expect(await library.saved()).toEqual([]);
    const { session } = await open('tiny/qwen3');
    session.closeModel();
    const origin = { kind: 'hub' as const, reference: requireModelReference('tiny/qwen3') };
    expect(await library.preview(origin, wanted)).toMatchObject({ alreadyStored: true, notes: [] });
    await hub.push('tiny/qwen3', {
      'config.json': '{}',
      'tokenizer.json': '{}',
      'tokenizer_config.json': '{}',
      'model.safetensors': 'x',
    });
    const { notes } = await library.preview(origin, wanted);
    expect(notes.map(inEnglish).join()).toContain('The Hub has another version');
  });

  /** The cache, where something happens as soon as a base is to be written. */
  function storeWhere(happens: () => Promise<void>): FileStore {
    const files = nodeFiles(cache);
    return {
      read: (path) => files.read(path),
      open: (path) => files.open(path),
      openReader: (path) => files.openReader(path),
      write: (path, content) => files.write(path, content),
      openWriter: async (path) => {
        if (path.startsWith('bases/')) await happens();
        return await files.openWriter(path);
      },
      rename: (path, name) => files.rename(path, name),
      list: (folder) => files.list(folder),
      remove: (path) => files.remove(path),
      size: (path) => files.size(path),
      free: () => files.free(),
    };
  }

  it('is open where there is no room to keep it, with a note', async () => {
    const { session, library } = start(storeWhere(() => Promise.reject(storageFull('base.bin', 2, 1))));
    const reference = requireModelReference('tiny/gptq');
    await library.open({ kind: 'hub', reference }, load, { onProgress: () => undefined });
    expect(session.model.facts.notes.map(inEnglish).join()).toContain('will be downloaded again');
    expect(session.hasModel).toBe(true);
    expect(await library.saved()).toEqual([]);
    session.closeModel();
  });

  it('is open where keeping it was stopped, with a note, and not fetched again', async () => {
    const stop = new AbortController();
    const stopped = (): Promise<void> => {
      stop.abort();
      return Promise.resolve();
    };
    const { session, library } = start(storeWhere(stopped));
    const origin = { kind: 'hub' as const, reference: requireModelReference('tiny/gptq') };
    await library.open(origin, load, { onProgress: () => undefined, signal: stop.signal });
    expect(stop.signal.aborted).toBe(true);
    expect(session.model.facts.notes.map(inEnglish).join()).toContain('This model has no saved copy');
    const logits = await session.logits(IDS);
    session.closeModel();
    expect(await library.saved()).toMatchObject([{ name: 'tiny/gptq', partial: true }]);
    hub.requests.length = 0;
    const again = await open('tiny/gptq');
    expect(await again.session.logits(IDS)).toEqual(logits);
    expect(hub.requests.filter(({ url }) => url.includes('safetensors'))).toEqual([]);
    again.session.closeModel();
  });

  it('is not open where keeping it failed', async () => {
    const { session, library } = start(storeWhere(() => Promise.reject(new Error('No disk'))));
    const origin = { kind: 'hub' as const, reference: requireModelReference('tiny/gptq') };
    await expect(library.open(origin, load, { onProgress: () => undefined })).rejects.toThrow('No disk');
    expect(session.hasModel).toBe(false);
  });
});
