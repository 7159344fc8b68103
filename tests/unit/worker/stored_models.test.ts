import { expect, it } from 'vitest';
import type { KeptModel } from '../../../src/session/library';
import { writeJson } from '../../../src/storage/file_store';
import type { StoredRun } from '../../../src/storage/runs';
import { StoredModels } from '../../../src/worker/stored_models';
import { MemoryFiles } from '../storage/memory_files';

const load = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
const hub = { kind: 'hub' as const, repo: 'a/b', commit: 'c', endpoint: 'https://huggingface.co' };

async function openStored() {
  const files = new MemoryFiles();
  await files.write('models/old/files/config.json', new Uint8Array(2));
  const manifest = { name: 'Old', files: [{ name: 'config.json', bytes: 2 }] };
  await writeJson(files, 'models/old/manifest.json', manifest);
  const kept: KeptModel[] = [
    { id: 'base', name: 'a/b', source: hub, bytes: 10, load, usedAt: Date.UTC(2026, 0, 2), partial: false },
    { id: 'part', name: 'a/c', source: hub, bytes: 5, usedAt: Date.UTC(2026, 0, 3), partial: true },
  ];
  const runs = [
    { baseId: 'base' },
    { baseId: 'base' },
    { modelId: 'old', updatedAt: '2026-01-01T00:00:00.000Z' },
  ] as StoredRun[];
  const removed: string[] = [];
  const stored = new StoredModels({
    library: {
      stored: () => Promise.resolve(kept),
      remove: (id) => {
        removed.push(id);
        return Promise.resolve();
      },
    },
    runs: { all: () => Promise.resolve(runs), files: () => Promise.resolve(files) },
    storage: {
      estimate: () => Promise.resolve({ usage: 30, quota: 100 }),
      persisted: () => Promise.resolve(true),
    },
    locks: undefined,
  });
  return { stored, removed };
}

it('lists bases, unfinished downloads and former models, the last used first, with the runs that need them', async () => {
  const { stored } = await openStored();
  expect(await stored.list()).toEqual([
    {
      ...{ id: 'part', name: 'a/c', source: 'hub', repo: 'a/b', commit: 'c', endpoint: hub.endpoint },
      bytes: 5,
      ...{ usedAt: '2026-01-03T00:00:00.000Z', usedByRuns: 0, partial: true },
    },
    {
      ...{ id: 'base', name: 'a/b', source: 'hub', repo: 'a/b', commit: 'c', endpoint: hub.endpoint },
      ...{ bytes: 10, load },
      ...{ usedAt: '2026-01-02T00:00:00.000Z', usedByRuns: 2, partial: false },
    },
    {
      ...{ id: 'old', name: 'Old', source: 'files', bytes: 2 },
      ...{ usedAt: '2026-01-01T00:00:00.000Z', usedByRuns: 1, partial: false },
    },
  ]);
});

it('removes what is kept, of now and of before', async () => {
  const { stored, removed } = await openStored();
  await stored.remove('old');
  await stored.remove('base');
  expect(removed).toEqual(['old', 'base']);
  expect((await stored.list()).map(({ id }) => id)).toEqual(['part', 'base']);
});

it('tells the room that there is', async () => {
  const { stored } = await openStored();
  expect(await stored.report()).toEqual({ usedBytes: 30, freeBytes: 70, persisted: true });
});
