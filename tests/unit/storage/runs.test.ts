import { describe, expect, it } from 'vitest';
import { memoryFile, type FileReader } from '../../../src/core/file_reader';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { listModels, openModel, removeModel } from '../../../src/storage/models';
import { writeJson } from '../../../src/storage/file_store';
import { listBases } from '../../../src/storage/bases';
import { fileRecords } from '../../../src/storage/records';
import { historyUpTo, runFolder, RunStore, type NewRun } from '../../../src/storage/runs';
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
    expect(run.dataFiles).toEqual(['a.jsonl', 'a.jsonl']);
    const reopened = new RunStore(fileRecords(files), files);
    expect(await reopened.get(run.id)).toEqual(run);
    const bytes = (files: readonly FileReader[]) =>
      Promise.all(files.map(async (file) => [file.name, await file.read(0, file.size)]));
    expect(await bytes(await reopened.data(run.id))).toEqual(await bytes(newRun.data));
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
    const { files, records, runs } = openStore();
    const shared = await putModel(files, 'shared', 'Shared');
    const own = await putModel(files, 'own', 'Own');
    const runOf = async (modelId: string): Promise<string> => {
      const run = await runs.create({ ...newRun, modelSource: 'files' });
      await records.put(run.id, { ...run, modelId });
      return run.id;
    };
    const [first, second, third] = [await runOf(shared), await runOf(shared), await runOf(own)];
    await runs.remove(first);
    await runs.remove(third);
    expect((await runs.list()).map(({ id }) => id)).toEqual([second]);
    expect(await files.list(runFolder(first))).toEqual([]);
    expect(await openModel(files, shared)).toMatchObject({ name: 'Shared' });
    expect(await openModel(files, own)).toBeUndefined();
    expect(await files.list('models')).toHaveLength(2);
  });

  it('tidies away the models that no record names, even one that it does not understand', async () => {
    const { files, records, runs } = openStore();
    const ofLaterVersion = await putModel(files, 'later', 'Later');
    const orphan = await putModel(files, 'orphan', 'Orphan');
    await records.put('later', { id: 'later', modelId: ofLaterVersion, settings: { unknown_setting: 1 } });
    await runs.tidy();
    expect(await openModel(files, ofLaterVersion)).toMatchObject({ name: 'Later' });
    expect(await openModel(files, orphan)).toBeUndefined();
  });

  it('tidies away the bases of files that no record names, and none of a hub', async () => {
    const { files, runs } = openStore();
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
    const run = await runs.create({ ...newRun, modelSource: 'files', baseId: id('1') });
    await runs.tidy();
    expect((await listBases(files)).map((base) => base.id).sort()).toEqual([id('1'), id('3')]);
    expect(await files.list(`bases/${id('4')}`)).toEqual([]);
    await runs.remove(run.id);
    expect((await listBases(files)).map((base) => base.id)).toEqual([id('3')]);
  });

  it('says so where the examples are gone', async () => {
    const { files, runs } = openStore();
    const { id } = await runs.create(newRun);
    await files.remove(runFolder(id));
    await expect(runs.data(id)).rejects.toMatchObject({
      code: 'run_data_missing',
      message: "The run's examples (a.jsonl, a.jsonl) are no longer in storage.",
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

/** A model as earlier versions of the program kept it. */
async function putModel(files: MemoryFiles, id: string, name: string, text = '1'): Promise<string> {
  await files.write(`models/${id}/files/config.json`, new TextEncoder().encode(text));
  const manifest = { name, files: [{ name: 'config.json', bytes: text.length }] };
  await writeJson(files, `models/${id}/manifest.json`, manifest);
  return id;
}

describe('models that were kept before there were bases', () => {
  it('are listed, given back whole, and removed', async () => {
    const files = new MemoryFiles();
    await putModel(files, 'a', 'One', 'abc');
    await putModel(files, 'b', 'Other');
    expect(await listModels(files)).toMatchObject([
      { id: 'a', name: 'One', bytes: 3 },
      { id: 'b', name: 'Other', bytes: 1 },
    ]);
    const model = await openModel(files, 'a');
    expect(await model!.files[0]!.content.text()).toBe('abc');
    await removeModel(files, 'a');
    expect((await listModels(files)).map(({ id }) => id)).toEqual(['b']);
  });

  it('count as not there where they are not whole', async () => {
    const files = new MemoryFiles();
    await putModel(files, 'a', 'One', 'abc');
    await files.write('models/a/files/config.json', new Uint8Array(2));
    expect(await openModel(files, 'a')).toBeUndefined();
    expect(await listModels(files)).toEqual([]);
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
      await new Promise((resolve) => setTimeout(resolve, 5));
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
