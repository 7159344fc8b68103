import { expect, it } from 'vitest';
import type { SavedModel } from '../../../../src/session/models/library';
import type { StoredRun } from '../../../../src/storage/runs';
import { SavedModels } from '../../../../src/session/models/saved';

const load = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
const hub = { kind: 'hub' as const, repo: 'a/b', commit: 'c', endpoint: 'https://huggingface.co' };

function openStored() {
  const kept: SavedModel[] = [
    { id: 'part', name: 'a/c', source: hub, bytes: 5, usedAt: Date.UTC(2026, 0, 3), partial: true },
    { id: 'base', name: 'a/b', source: hub, bytes: 10, load, usedAt: Date.UTC(2026, 0, 2), partial: false },
  ];
  const runs = [{ baseId: 'base' }, { baseId: 'base' }, {}] as StoredRun[];
  const removed: string[] = [];
  const stored = new SavedModels({
    library: {
      saved: () => Promise.resolve(kept),
      remove: (id) => {
        removed.push(id);
        return Promise.resolve();
      },
    },
    records: { all: () => Promise.resolve(runs) },
    storage: {
      estimate: () => Promise.resolve({ usage: 30, quota: 100 }),
      persisted: () => Promise.resolve(true),
    },
  });
  return { stored, removed };
}

it('lists bases and unfinished downloads, with the runs that need them', async () => {
  const { stored } = openStored();
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
  ]);
});

it('removes what is kept', async () => {
  const { stored, removed } = openStored();
  await stored.remove('base');
  expect(removed).toEqual(['base']);
});

it('tells the room that there is', async () => {
  const { stored } = openStored();
  expect(await stored.report()).toEqual({ usedBytes: 30, freeBytes: 70, persisted: true });
});
