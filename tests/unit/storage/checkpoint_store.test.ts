import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { bytesOf } from '../../../src/core/bytes';
import { encodeCheckpoint, type CheckpointState, type NamedTensor } from '../../../src/formats/checkpoint';
import { loadCheckpoint, saveCheckpoint, type CheckpointStore } from '../../../src/storage/checkpoints';
import { databaseRuns } from '../../../src/storage/database_runs';
import { fileRuns } from '../../../src/storage/file_runs';
import { MemoryFiles } from './memory_files';

function stateOf(step: number): CheckpointState {
  const values = (name: string, offset: number): NamedTensor => ({
    name,
    dtype: 'F32',
    shape: [6],
    data: bytesOf(Float32Array.from({ length: 6 }, (_, i) => step + offset + i / 8)),
  });
  return {
    step,
    position: { epoch: 0, index: step },
    seed: 1,
    tensors: [values('moment1', 100), values('moment2', 200), values('parameters', 0)],
    settings: { r: 8 },
    hashes: { model: 'm', data: 'd' },
    history: [{ event: 'step', step }],
  };
}

interface Case {
  readonly store: CheckpointStore;
  /** The same checkpoints in a restarted program. */
  readonly reopen: () => CheckpointStore;
  /** Puts other bytes in the place of a checkpoint's. */
  readonly damage: (step: number, change: (bytes: Uint8Array) => Uint8Array) => Promise<void>;
}

function inFiles(): Case {
  const files = new MemoryFiles();
  const open = (): CheckpointStore => fileRuns(new MemoryFiles(files.files)).checkpoints('a');
  return {
    store: open(),
    reopen: open,
    damage: (step, change) => {
      const path = `runs/a/checkpoint-${step}.safetensors`;
      files.files.set(path, new Uint8Array(change(files.files.get(path)!)));
      return Promise.resolve();
    },
  };
}

function inDatabase(): Case {
  const name = crypto.randomUUID();
  const open = (): CheckpointStore => databaseRuns(name).checkpoints('a');
  return {
    store: open(),
    reopen: open,
    damage: async (step, change) => {
      const database = await opened(indexedDB.open(name));
      const stored = (): IDBObjectStore =>
        database.transaction('checkpoints', 'readwrite').objectStore('checkpoints');
      const content = await opened(stored().get(['a', step]) as IDBRequest<Blob>);
      const bytes = new Uint8Array(await content.arrayBuffer());
      await opened(stored().put(new Blob([new Uint8Array(change(bytes))]), ['a', step]));
      database.close();
    },
  };
}

function opened<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('refused'));
  });
}

describe.each([
  ['files', inFiles],
  ['a database', inDatabase],
])('checkpoints in %s', (_, make) => {
  const saveAll = async (store: CheckpointStore, limit: number): Promise<void> => {
    for (const step of [0, 10, 20, 30]) await saveCheckpoint(store, stateOf(step), limit);
  };

  it('are none at first, and then the last one saved, after a restart as well', async () => {
    const { store, reopen } = make();
    expect(await loadCheckpoint(store)).toBeUndefined();
    for (const step of [0, 10, 20]) {
      await saveCheckpoint(store, stateOf(step), 2);
      expect(await loadCheckpoint(reopen())).toEqual(stateOf(step));
    }
  });

  it.each([1, 2, 3])('are the last %i', async (limit) => {
    const { store } = make();
    await saveAll(store, limit);
    expect(await store.list()).toEqual({ steps: [0, 10, 20, 30].slice(-limit), latest: 30 });
  });

  it.each([
    ['cut', (bytes: Uint8Array) => bytes.slice(0, -5)],
    ['empty', () => new Uint8Array()],
    ['changed in its last byte', (bytes: Uint8Array) => bytes.with(-1, bytes.at(-1)! ^ 1)],
    ['changed in its header', (bytes: Uint8Array) => bytes.with(60, bytes[60]! ^ 1)],
  ])('fall back to the one before if the newest is %s', async (_, change) => {
    const { store, reopen, damage } = make();
    await saveAll(store, 2);
    await damage(30, change);
    expect(await loadCheckpoint(reopen())).toEqual(stateOf(20));
    await damage(20, change);
    await expect(loadCheckpoint(reopen())).rejects.toMatchObject({ code: 'checkpoints_damaged' });
  });

  it('go on from the one before: those of the future that was given up are removed', async () => {
    const { store, damage } = make();
    await saveAll(store, 2);
    await damage(30, () => new Uint8Array(9));
    await saveCheckpoint(store, stateOf(25), 2);
    expect(await store.list()).toEqual({ steps: [20, 25], latest: 25 });
    expect(await loadCheckpoint(store)).toEqual(stateOf(25));
  });

  it('replace one of the same step', async () => {
    const { store, reopen } = make();
    await saveCheckpoint(store, stateOf(10), 1);
    const other = { ...stateOf(10), seed: 2 };
    await saveCheckpoint(store, other, 1);
    expect(await loadCheckpoint(reopen())).toEqual(other);
  });
});

describe('checkpoints in a database', () => {
  /** Lets a browser's write fail, once it has begun. */
  function failing(error: DOMException): void {
    const put = vi.spyOn(IDBObjectStore.prototype, 'put');
    put.mockImplementationOnce(function (this: IDBObjectStore) {
      const { transaction } = this;
      Object.defineProperty(transaction, 'error', { value: error });
      queueMicrotask(() => transaction.abort());
      return this.count() as unknown as IDBRequest<IDBValidKey>;
    });
  }

  it.each([
    ['the quota is used up', new DOMException('', 'QuotaExceededError'), 'storage_full'],
    ['the disk fails', new DOMException('', 'UnknownError'), 'storage_failed'],
  ])('are as they were if %s', async (_, error, code) => {
    const { store, reopen } = inDatabase();
    await saveCheckpoint(store, stateOf(10), 1);
    failing(error);
    await expect(saveCheckpoint(store, stateOf(20), 1)).rejects.toMatchObject({ code });
    expect(await reopen().list()).toEqual({ steps: [10], latest: 10 });
    expect(await loadCheckpoint(reopen())).toEqual(stateOf(10));
    await saveCheckpoint(store, stateOf(20), 1);
    expect(await loadCheckpoint(reopen())).toEqual(stateOf(20));
  });

  it('are written to the disk with the pointer in one transaction', async () => {
    const begin = vi.spyOn(IDBDatabase.prototype, 'transaction');
    const { store } = inDatabase();
    await store.save(10, await encodeCheckpoint(stateOf(10)));
    const writes = begin.mock.calls.filter(([, mode]) => mode === 'readwrite');
    expect(writes).toHaveLength(1);
    expect(writes[0]![0]).toEqual(expect.arrayContaining(['checkpoints', 'pointers']));
    expect(writes[0]![2]).toEqual({ durability: 'strict' });
    begin.mockRestore();
  });

  it('come back whole if they are larger than what is compared at once', async () => {
    const { store, reopen } = inDatabase();
    const bytes = Uint8Array.from({ length: 2 ** 24 + 12_345 }, (_, i) => (i * 2_654_435_761) >>> 24);
    await store.save(1, bytes);
    const back = await reopen().read(1);
    expect(back!.length).toBe(bytes.length);
    expect(Buffer.compare(back!, bytes)).toBe(0);
  });

  it('are pointed to only if the storage gives back the same bytes', async () => {
    const { store, reopen } = inDatabase();
    await saveCheckpoint(store, stateOf(10), 1);
    const bytes = await encodeCheckpoint(stateOf(20));
    const put = vi.spyOn(IDBObjectStore.prototype, 'put');
    for (const wrong of [bytes.slice(1), bytes.with(-1, bytes.at(-1)! ^ 1)]) {
      put.mockImplementationOnce(function (this: IDBObjectStore, _, key) {
        return this.put(new Blob([wrong]), key);
      });
      await expect(store.save(20, bytes)).rejects.toMatchObject({ code: 'checkpoint_not_saved' });
      expect(await reopen().list()).toEqual({ steps: [10], latest: 10 });
    }
    put.mockRestore();
  });

  it('are pointed to only if the storage can give them back', async () => {
    const { store, reopen } = inDatabase();
    await saveCheckpoint(store, stateOf(10), 1);
    const read = vi
      .spyOn(Blob.prototype, 'arrayBuffer')
      .mockRejectedValueOnce(new DOMException('', 'NotReadableError'));
    await expect(saveCheckpoint(store, stateOf(20), 1)).rejects.toMatchObject({
      code: 'checkpoint_not_saved',
    });
    read.mockRestore();
    expect(await reopen().list()).toEqual({ steps: [10], latest: 10 });
  });

  it('go on after the browser has cleared everything and closed the connection', async () => {
    const name = crypto.randomUUID();
    const store = databaseRuns(name).checkpoints('a');
    await saveCheckpoint(store, stateOf(10), 1);
    // Every connection is asked to close, as for eviction.
    await opened(indexedDB.deleteDatabase(name));
    expect(await loadCheckpoint(store)).toBeUndefined();
    await saveCheckpoint(store, stateOf(20), 1);
    expect(await loadCheckpoint(databaseRuns(name).checkpoints('a'))).toEqual(stateOf(20));
  });

  it('of two tabs lie side by side, each run with its own', async () => {
    const name = crypto.randomUUID();
    const [one, other] = [databaseRuns(name).checkpoints('a'), databaseRuns(name).checkpoints('b')];
    await Promise.all([saveCheckpoint(one, stateOf(10), 1), saveCheckpoint(other, stateOf(20), 1)]);
    expect(await loadCheckpoint(one)).toEqual(stateOf(10));
    expect(await loadCheckpoint(other)).toEqual(stateOf(20));
  });
});
