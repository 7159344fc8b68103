import { describe, expect, it } from 'vitest';
import { modelId, openModel, putModel, removeModelsExcept } from '../../../src/storage/models';
import { fileRecords } from '../../../src/storage/records';
import { historyUpTo, runFolder, RunStore, type NewRun } from '../../../src/storage/runs';
import { lockedRuns, withRunLock, withStorageLock } from '../../../src/storage/locks';
import type { TrainEvent } from '../../../src/train/events';
import { DEFAULTS } from '../../../src/train/settings';
import { MemoryFiles } from './memory_files';

const newRun: NewRun = {
  modelName: 'Little one',
  modelSource: 'demo',
  settings: { ...DEFAULTS, r: 4 },
  steps: 30,
  data: [
    { name: 'a.jsonl', text: '{"text":"ä"}\n' },
    { name: 'b.json', text: '[]' },
  ],
};

function openStore() {
  const files = new MemoryFiles();
  const records = fileRecords(files);
  return { files, records, runs: new RunStore(records, files) };
}

describe('RunStore', () => {
  it('keeps all that is needed to go on after a reload', async () => {
    const { files, runs } = openStore();
    const run = await runs.create(newRun);
    expect(run).toMatchObject({ state: 'running', checkpointStep: 0, steps: 30, history: [] });
    expect(run.dataFiles).toEqual(['a.jsonl', 'b.json']);
    const reopened = new RunStore(fileRecords(files), files);
    expect(await reopened.get(run.id)).toEqual(run);
    expect(await reopened.data(run.id)).toEqual(newRun.data);
    expect(await reopened.get('another')).toBeUndefined();
  });

  it('lists the newest first', async () => {
    const { runs } = openStore();
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      ids.unshift((await runs.create(newRun)).id);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    expect((await runs.list()).map(({ id }) => id)).toEqual(ids);
    expect(new Set(ids).size).toBe(3);
  });

  it('updates a run and measures its files', async () => {
    const { files, runs } = openStore();
    const { id, bytes, settings } = await runs.create(newRun);
    await files.write(`${runFolder(id)}/checkpoint-5.safetensors`, new Uint8Array(1000));
    const history: TrainEvent[] = [{ event: 'eval', step: 5, eval_loss: 1, perplexity: Math.E }];
    await runs.update(id, { state: 'paused', checkpointStep: 5, history });
    expect(await runs.get(id)).toMatchObject({
      state: 'paused',
      checkpointStep: 5,
      history,
      settings,
      bytes: bytes + 1000,
    });
    await expect(runs.update('another', {})).rejects.toMatchObject({ code: 'run_unknown' });
  });

  it('removes a run with its files and the models that no other needs', async () => {
    const { files, runs } = openStore();
    const file = (text: string) => [{ name: 'config.json', content: new Blob([text]) }];
    const shared = await putModel(files, 'Shared', file('1'));
    const own = await putModel(files, 'Own', file('2'));
    const first = await runs.create({ ...newRun, modelSource: 'files', modelId: shared });
    const second = await runs.create({ ...newRun, modelSource: 'files', modelId: shared });
    const third = await runs.create({ ...newRun, modelSource: 'files', modelId: own });
    await runs.remove(first.id);
    await runs.remove(third.id);
    expect((await runs.list()).map(({ id }) => id)).toEqual([second.id]);
    expect(await files.list(runFolder(first.id))).toEqual([]);
    expect(await openModel(files, shared)).toMatchObject({ name: 'Shared' });
    expect(await openModel(files, own)).toBeUndefined();
    expect(await files.list('models')).toHaveLength(2);
  });

  it('tidies away the models that no record names, even one that it does not understand', async () => {
    const { files, records, runs } = openStore();
    const file = (text: string) => [{ name: 'config.json', content: new Blob([text]) }];
    const ofLaterVersion = await putModel(files, 'Later', file('1'));
    const orphan = await putModel(files, 'Orphan', file('2'));
    await records.put('later', { id: 'later', modelId: ofLaterVersion, settings: { unknown_setting: 1 } });
    await runs.tidy();
    expect(await openModel(files, ofLaterVersion)).toMatchObject({ name: 'Later' });
    expect(await openModel(files, orphan)).toBeUndefined();
  });

  it('says so where the examples are gone', async () => {
    const { files, runs } = openStore();
    const { id } = await runs.create(newRun);
    await files.remove(runFolder(id));
    await expect(runs.data(id)).rejects.toMatchObject({
      code: 'run_data_missing',
      message: "The run's examples (a.jsonl, b.json) are no longer in storage.",
    });
  });

  it('leaves out records that it does not understand', async () => {
    const { records, runs } = openStore();
    const { id } = await runs.create(newRun);
    const stored = (await records.get(id)) as Record<string, unknown>;
    await records.put('x1', { id: 'x1' });
    await records.put('x2', { ...stored, id: 'x2', settings: { r: -1 } });
    await records.put('x3', { ...stored, id: 'x3', settings: { unknown_setting: 1 } });
    await records.put('x4', { ...stored, id: 'x4', history: [1] });
    expect((await runs.list()).map((run) => run.id)).toEqual([id]);
    // A setting that came later has its default.
    await records.put('x5', { ...stored, id: 'x5', settings: { r: 3 } });
    expect((await runs.get('x5'))?.settings).toEqual({ ...DEFAULTS, r: 3 });
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

describe('models', () => {
  const blob = (length: number, seed: number) =>
    new Blob([Uint8Array.from({ length }, (_, i) => (i * seed) % 251)]);
  const folder = [
    { name: 'model.safetensors', content: blob(9 * 2 ** 20, 7) },
    { name: 'config.json', content: blob(10, 3) },
    { name: 'empty.json', content: new Blob([]) },
  ];

  it('are given back whole, under a name that is their content', async () => {
    const files = new MemoryFiles();
    const progress: number[] = [];
    const id = await putModel(files, 'Big', folder, (fraction) => progress.push(fraction));
    expect(id).toBe(await modelId(folder.toReversed()));
    const model = await openModel(files, id);
    expect(model).toMatchObject({ id, name: 'Big' });
    expect(model!.files.map(({ name }) => name)).toEqual(['config.json', 'empty.json', 'model.safetensors']);
    expect(await modelId(model!.files)).toBe(id);
    expect(progress.at(-1)).toBe(1);
    expect([...progress].sort((a, b) => a - b)).toEqual(progress);
    const before = files.changes;
    expect(await putModel(files, 'Big', folder)).toBe(id);
    expect(files.changes).toBe(before);
  });

  it('have another name for any other byte or name', async () => {
    const last = blob(9 * 2 ** 20, 7).slice(0, -1);
    const variants = [
      folder,
      [{ ...folder[0]!, content: new Blob([last, Uint8Array.of(255)]) }, ...folder.slice(1)],
      [{ ...folder[0]!, name: 'other.safetensors' }, ...folder.slice(1)],
      folder.slice(1),
    ];
    const ids = await Promise.all(variants.map((files) => modelId(files)));
    expect(new Set(ids).size).toBe(4);
  });

  it('are refused before a byte is written where there is no room', async () => {
    const files = new MemoryFiles();
    files.room = 1e6;
    await expect(putModel(files, 'Big', folder)).rejects.toMatchObject({
      code: 'storage_full',
      message: 'The storage is full: Big needs 9.4 MB, and there is room for 1.0 MB.',
    });
    expect(files.changes).toBe(0);
  });

  it('leave nothing behind where writing them fails', async () => {
    for (const at of [1, 2, 3, 4, 5, 6]) {
      const files = new MemoryFiles(new Map(), { at, kind: 'fail' });
      await expect(putModel(files, 'Big', folder.slice(1))).rejects.toThrow();
      expect(await files.list('models')).toEqual([]);
    }
  });

  it('count as not there where a crash came between, and are then written anew', async () => {
    const faults = [1, 2, 3, 4, 5, 6].flatMap((at) => [
      { at, kind: 'crash' as const },
      { at, kind: 'torn' as const },
    ]);
    for (const fault of faults) {
      const broken = new MemoryFiles(new Map(), fault);
      await expect(putModel(broken, 'Big', folder.slice(1))).rejects.toThrow();
      const files = new MemoryFiles(broken.files);
      const id = await modelId(folder.slice(1));
      expect(await openModel(files, id)).toBeUndefined();
      expect(await putModel(files, 'Big', folder.slice(1))).toBe(id);
      expect((await openModel(files, id))?.files).toHaveLength(2);
      await removeModelsExcept(files, new Set([id]));
      expect(await files.list('models')).toHaveLength(3);
    }
  });
});

/** As the browser's, for one tab. */
class Locks {
  readonly #held = new Map<string, Promise<unknown>>();

  request = (async (name: string, ...rest: unknown[]) => {
    const work = rest.at(-1) as (lock: Lock | null) => Promise<unknown>;
    const waits = rest.length === 1;
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
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(`${name} ends`);
    };
    await Promise.all([withStorageLock(locks, work('a')), withStorageLock(locks, work('b'))]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });
});
