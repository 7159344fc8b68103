import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { memoryFile, type FileReader } from '../../../src/core/file_reader';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { databaseRuns } from '../../../src/storage/database_runs';
import { fileRuns } from '../../../src/storage/file_runs';
import { historyUpTo, RunStore, type NewRun } from '../../../src/storage/runs';
import { lockedRuns, withModelLock, withRunLock, withStorageLock } from '../../../src/storage/locks';
import type { TrainEvent } from '../../../src/train/events';
import { MemoryFiles } from './memory_files';

const newRun: NewRun = {
  modelName: 'Little one',
  modelSource: 'demo',
  settings: { ...DEFAULTS, r: 4 },
  steps: 30,
  data: [
    memoryFile('a.jsonl', Uint8Array.of(0xff, 0xfe, 0x7b)),
    memoryFile('a.jsonl', new TextEncoder().encode('[]')),
  ],
};

const bytesOf = (files: readonly FileReader[]) =>
  Promise.all(files.map(async (file) => [file.name, await file.read(0, file.size)]));

describe.each([
  ['files', () => fileRuns(new MemoryFiles())],
  ['a database', () => databaseRuns(crypto.randomUUID())],
])('RunStore over %s', (_, open) => {
  it('keeps all that is needed to go on after a reload', async () => {
    const storage = open();
    const runs = new RunStore(storage);
    const run = await runs.create(newRun);
    expect(run).toMatchObject({ state: 'running', checkpointStep: 0, steps: 30, history: [] });
    expect(run.dataFiles).toEqual(['a.jsonl', 'a.jsonl']);
    const reopened = new RunStore(storage);
    expect(await reopened.get(run.id)).toEqual(run);
    expect(await bytesOf(await reopened.data(run))).toEqual(await bytesOf(newRun.data));
    await expect(reopened.get('another')).rejects.toMatchObject({ code: 'run_unknown' });
  });

  it('lists the newest first', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const runs = new RunStore(open());
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      vi.setSystemTime(1000 * i);
      ids.unshift((await runs.create(newRun)).id);
    }
    expect((await runs.list()).map(({ id }) => id)).toEqual(ids);
    expect(new Set(ids).size).toBe(3);
    vi.useRealTimers();
  });

  it('updates a run and measures what it takes', async () => {
    const runs = new RunStore(open());
    const run = await runs.create(newRun);
    await runs.checkpoints(run.id).save(5, new Uint8Array(100_000));
    const history: TrainEvent[] = [{ event: 'eval', step: 5, eval_loss: 1, perplexity: Math.E }];
    const updated = await runs.update(run, { state: 'paused', checkpointStep: 5, history });
    expect(await runs.get(run.id)).toEqual(updated);
    const { settings } = run;
    expect(updated).toMatchObject({ state: 'paused', checkpointStep: 5, history, settings });
    expect(updated.bytes).toBeGreaterThanOrEqual(run.bytes + 100_000);
    expect(updated.bytes).toBeLessThan(run.bytes + 104_000);
  });

  it('keeps the record of a run that is trained while the browser clears everything', async () => {
    const storage = open();
    const runs = new RunStore(storage);
    const run = await runs.create(newRun);
    await storage.remove(run.id);
    await runs.update(run, { checkpointStep: 3 });
    const found = await runs.get(run.id);
    expect(found.checkpointStep).toBe(3);
    await expect(runs.data(found)).rejects.toMatchObject({
      code: 'run_data_missing',
      message: 'The run’s examples (a.jsonl, a.jsonl) are no longer in storage.',
    });
  });

  it('removes a run with everything that is stored for it, and no other', async () => {
    const storage = open();
    const runs = new RunStore(storage);
    const [first, second] = [await runs.create(newRun), await runs.create(newRun)];
    for (const { id } of [first, second]) await runs.checkpoints(id).save(2, new Uint8Array(9));
    await runs.remove(first.id);
    expect((await runs.list()).map(({ id }) => id)).toEqual([second.id]);
    expect(await storage.size(first.id)).toBe(0);
    expect(await runs.checkpoints(first.id).list()).toEqual({ steps: [] });
    expect(await runs.checkpoints(second.id).list()).toEqual({ steps: [2], latest: 2 });
    expect(await bytesOf(await runs.data(second))).toEqual(await bytesOf(newRun.data));
  });

  it('names the bases that runs need, also one that it does not understand', async () => {
    const storage = open();
    const runs = new RunStore(storage);
    await runs.create({ ...newRun, modelSource: 'files', baseId: 'one' });
    await storage.create('later', { id: 'later', baseId: 'other', settings: { unknown_setting: 1 } }, []);
    expect(await runs.neededBases()).toEqual(new Set(['one', 'other']));
  });

  it('leaves out records that it does not understand', async () => {
    const storage = open();
    const runs = new RunStore(storage);
    const { id } = await runs.create(newRun);
    const stored = (await storage.record(id)) as Record<string, unknown>;
    await storage.putRecord('x1', { id: 'x1' });
    await storage.putRecord('x2', { ...stored, id: 'x2', settings: { r: -1 } });
    await storage.putRecord('x3', { ...stored, id: 'x3', settings: { unknown_setting: 1 } });
    await storage.putRecord('x4', { ...stored, id: 'x4', history: [1] });
    expect((await runs.list()).map((run) => run.id)).toEqual([id]);
    expect(await runs.unreadable()).toEqual(['x1', 'x2', 'x3', 'x4']);
    // A setting that came later has its default.
    await storage.putRecord('x5', { ...stored, id: 'x5', settings: { r: 3 } });
    expect((await runs.get('x5')).settings).toEqual({ ...DEFAULTS, r: 3 });
  });
});

describe('a damaged database', () => {
  it('costs the examples that are damaged, and counts what is whole', async () => {
    const name = crypto.randomUUID();
    const storage = databaseRuns(name);
    const runs = new RunStore(storage);
    const run = await runs.create(newRun);
    await runs.checkpoints(run.id).save(1, new Uint8Array(50));
    const database = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => resolve(opening.result);
    });
    for (const damaged of [new Blob(['no list']), 'text', [{ name: 'a.jsonl' }], undefined]) {
      const stores = database.transaction(['examples', 'checkpoints'], 'readwrite');
      stores.objectStore('examples').put(damaged, run.id);
      stores.objectStore('checkpoints').put(damaged, [run.id, 2]);
      await new Promise<void>((resolve) => (stores.oncomplete = () => resolve()));
      await expect(runs.data(run)).rejects.toMatchObject({ code: 'run_data_missing' });
      expect(await storage.size(run.id)).toBe(damaged instanceof Blob ? 57 : 50);
    }
    database.close();
  });
});

describe('historyUpTo', () => {
  it('leaves out what the checkpoint does not know yet', () => {
    const history: TrainEvent[] = [
      { event: 'state', state: 'running' },
      { event: 'eval', step: 4, eval_loss: 1, perplexity: 1 },
      { event: 'checkpoint', step: 5 },
      { event: 'eval', step: 6, eval_loss: 1, perplexity: 1 },
    ];
    expect(historyUpTo(history, 5)).toEqual(history.slice(0, 3));
  });
});

/** As the browser's, for one tab. */
class Locks {
  readonly #held = new Map<string, Promise<unknown>>();

  request = (async (name: string, ...rest: unknown[]) => {
    const work = rest.at(-1) as (lock: Lock | null) => Promise<unknown>;
    const options = rest.length > 1 ? (rest[0] as LockOptions) : {};
    const waits = options.ifAvailable !== true;
    if (waits) while (this.#held.has(name)) await this.#held.get(name);
    else if (this.#held.has(name)) return work(null);
    const done = work({ name, mode: 'exclusive' });
    this.#held.set(name, done);
    try {
      return await done;
    } finally {
      this.#held.delete(name);
    }
  }) as LockManager['request'];

  query = () => Promise.resolve({ held: [...this.#held.keys()].map((name) => ({ name })), pending: [] });
}

describe('withRunLock', () => {
  it('lets one tab at a time write a run', async () => {
    const locks = new Locks();
    let release: () => void = () => undefined;
    const first = withRunLock(
      locks,
      'a',
      () => new Promise<string>((resolve) => (release = () => resolve('first'))),
    );
    expect([...(await lockedRuns(locks))]).toEqual(['a']);
    await expect(withRunLock(locks, 'a', () => Promise.resolve(1))).rejects.toMatchObject({
      code: 'run_in_other_tab',
    });
    expect(await withRunLock(locks, 'b', () => Promise.resolve('other'))).toBe('other');
    release();
    expect(await first).toBe('first');
    expect(await withRunLock(locks, 'a', () => Promise.resolve('second'))).toBe('second');
    expect((await lockedRuns(locks)).size).toBe(0);
  });

  it('is not needed where there are no tabs', async () => {
    expect(await withRunLock(undefined, 'a', () => Promise.resolve(1))).toBe(1);
    expect(await withStorageLock(undefined, () => Promise.resolve(2))).toBe(2);
    expect((await lockedRuns(undefined)).size).toBe(0);
  });

  it('lets changes of the storage wait for one another', async () => {
    const locks = new Locks();
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
    };
    await Promise.all([withStorageLock(locks, work('a')), withStorageLock(locks, work('b'))]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });
});

describe('withModelLock', () => {
  it('waits for the tab that has the model, and says so', async () => {
    const locks = new Locks();
    let release: () => void = () => undefined;
    const first = withModelLock(locks, 'a/b', () => new Promise<void>((resolve) => (release = resolve)));
    const waits: string[] = [];
    const second = withModelLock(locks, 'a/b', () => Promise.resolve('second'), {
      onWait: () => waits.push('a/b'),
    });
    expect(await withModelLock(locks, 'c/d', () => Promise.resolve('other'))).toBe('other');
    await Promise.resolve();
    expect(waits).toEqual(['a/b']);
    const refused = withModelLock(locks, 'a/b', () => Promise.resolve(), { refuse: true });
    await expect(refused).rejects.toMatchObject({ code: 'model_in_other_tab' });
    release();
    await first;
    expect(await second).toBe('second');
    expect(await withModelLock(undefined, 'a/b', () => Promise.resolve('alone'))).toBe('alone');
  });
});
