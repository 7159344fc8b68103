import { describe, expect, it, vi } from 'vitest';
import { memoryFile } from '../../../../src/core/file_reader';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { RunRecords } from '../../../../src/session/runs/run_records';
import type { TrainingOutcome } from '../../../../src/session/runs/training';
import { fileRuns } from '../../../../src/storage/file_runs';
import type { Locks } from '../../../../src/storage/locks';
import type { NewRun } from '../../../../src/storage/runs';
import type { TrainEvent } from '../../../../src/train/events';
import { MemoryFiles } from '../../storage/memory_files';

const newRun: Omit<NewRun, 'baseId'> = {
  modelName: 'Little one',
  modelSource: 'files',
  settings: DEFAULTS,
  steps: 30,
  data: [memoryFile('a.jsonl', new TextEncoder().encode('{}'))],
};

/** The locks of a browser whose other tabs hold some. */
function locksOf(elsewhere: Set<string>): Locks {
  const held = new Set<string>();
  const all = () => [...held, ...elsewhere];
  return {
    query: () => Promise.resolve({ held: all().map((name) => ({ name })) }),
    request: async (name: string, ...rest: unknown[]) => {
      const work = rest.at(-1) as (lock: object | null) => Promise<unknown>;
      if (all().includes(name)) return await work(null);
      held.add(name);
      return await work({}).finally(() => held.delete(name));
    },
  };
}

function recordsOf() {
  const elsewhere = new Set<string>();
  const onChange = vi.fn();
  const files = new MemoryFiles();
  const records = new RunRecords({
    runs: fileRuns(files),
    bases: () => Promise.resolve(new MemoryFiles()),
    locks: locksOf(elsewhere),
    persist: () => Promise.resolve(),
    onChange,
  });
  const create = (changes: Partial<NewRun> = {}) =>
    records.create({ ...newRun, ...changes }, () => Promise.resolve(changes.baseId));
  return {
    files,
    records,
    create,
    onChange,
    takeElsewhere: (id: string) => elsewhere.add(`tunesmith-run-${id}`),
  };
}

const step = (at: number, loss: number): TrainEvent => ({
  ...{ event: 'step', step: at, steps: 30, epoch: 0, loss, learning_rate: 1e-4, grad_norm: 1 },
  ...{ target_tokens: 8, tokens_per_second: 100, eta_seconds: 1, elapsed_seconds: at },
});

const ended = (history: readonly TrainEvent[]): TrainingOutcome =>
  ({ state: 'finished', step: 30, steps: 30, history }) as unknown as TrainingOutcome;

describe('the list of runs', () => {
  it('has the last losses instead of the history, which is read on its own', async () => {
    const { records, create } = recordsOf();
    const run = await create();
    const history: TrainEvent[] = [step(1, 4), { event: 'eval', step: 1, eval_loss: 5 }, step(2, 3)];
    await records.record(
      run,
      undefined,
      () => undefined,
      () => Promise.resolve(ended(history)),
    );
    const [listed] = await records.list();
    expect(listed).toMatchObject({ id: run.id, state: 'finished', loss: 3, evalLoss: 5 });
    expect(listed).not.toHaveProperty('history');
    expect((await records.get(run.id)).history).toEqual(history);
  });

  it.each<[Partial<NewRun>, string]>([
    [{ modelSource: 'demo' }, 'kept'],
    [{ modelSource: 'hub', modelRepo: 'a/b', baseId: 'f'.repeat(32) }, 'fetch'],
    [{ modelSource: 'files', baseId: 'f'.repeat(32) }, 'gone'],
  ])('tells where the model of a run comes from: %j', async (changes, base) => {
    const { records, create } = recordsOf();
    await create(changes);
    expect(await records.list()).toMatchObject([{ base }]);
  });

  it('tells who uses a run', async () => {
    const { records, create, takeElsewhere } = recordsOf();
    const [own, other] = [await create(), await create()];
    takeElsewhere(other.id);
    const usedBy = async () => new Map((await records.list()).map(({ id, usedBy }) => [id, usedBy]));
    expect(await records.exclusively(own.id, usedBy)).toEqual(
      new Map([
        [own.id, 'this tab'],
        [other.id, 'another tab'],
      ]),
    );
    expect((await usedBy()).get(own.id)).toBeUndefined();
  });
});

describe('a run', () => {
  it('is renamed, and loses its name by an empty one', async () => {
    const { records, create } = recordsOf();
    const { id } = await create();
    await records.rename(id, '  My \n first  run ');
    expect(await records.list()).toMatchObject([{ name: 'My first run' }]);
    await records.rename(id, 'x'.repeat(500));
    expect((await records.get(id)).name).toHaveLength(100);
    await records.rename(id, ' ');
    expect((await records.get(id)).name).toBeUndefined();
  });

  it('is found by its tags and notes, and loses them by empty ones', async () => {
    const { records, create } = recordsOf();
    const { id } = await create();
    await records.rename(id, 'Mine');
    await records.annotate(id, {
      tags: [' small \n rank', 'pirate', 'pirate', ' '],
      notes: ' Too short.\nAgain. ',
    });
    expect(await records.list()).toMatchObject([
      { name: 'Mine', tags: ['small rank', 'pirate'], notes: 'Too short.\nAgain.' },
    ]);
    await records.annotate(id, {
      tags: Array.from({ length: 50 }, (_, i) => `${i}`),
      notes: 'x'.repeat(9000),
    });
    const long = await records.get(id);
    expect([long.tags?.length, long.notes?.length]).toEqual([20, 4000]);
    await records.annotate(id, { tags: [], notes: ' ' });
    const { name, tags, notes } = await records.get(id);
    expect([name, tags, notes]).toEqual(['Mine', undefined, undefined]);
  });

  it('keeps the name that it gets while this tab trains it', async () => {
    const { records, create } = recordsOf();
    const run = await create();
    const train = async (onEvent: (event: TrainEvent) => void): Promise<TrainingOutcome> => {
      onEvent(step(1, 4));
      await records.rename(run.id, 'Named on the way');
      await records.annotate(run.id, { tags: ['new'], notes: 'In training.' });
      onEvent({ event: 'checkpoint', step: 1 });
      return ended([step(1, 4)]);
    };
    await records.exclusively(run.id, () => records.record(run, undefined, () => undefined, train));
    expect(await records.get(run.id)).toMatchObject({
      ...{ name: 'Named on the way', tags: ['new'], notes: 'In training.', state: 'finished' },
    });
  });

  it('keeps the name that it gets while this tab opens it, before it trains', async () => {
    const { records, create } = recordsOf();
    const run = await create();
    await records.exclusively(run.id, async () => {
      await records.rename(run.id, 'First');
      const renamed = records.rename(run.id, 'Named while it opens');
      const trained = records.record(
        run,
        undefined,
        () => undefined,
        () => Promise.resolve(ended([])),
      );
      await Promise.all([renamed, trained]);
    });
    expect(await records.get(run.id)).toMatchObject({ name: 'Named while it opens', state: 'finished' });
  });

  it('keeps the name that it gets while its end is written', async () => {
    const { records, create } = recordsOf();
    const run = await create();
    let renamed: Promise<void> | undefined;
    const train = (): Promise<TrainingOutcome> => {
      const outcome = Promise.resolve(ended([]));
      void outcome.then(async () => {
        await Promise.resolve();
        renamed = records.rename(run.id, 'At the end');
      });
      return outcome;
    };
    await records.exclusively(run.id, () => records.record(run, undefined, () => undefined, train));
    await renamed;
    expect(await records.get(run.id)).toMatchObject({ name: 'At the end', state: 'finished' });
  });

  it('says so if its new name can’t be kept while this tab trains it, and goes on', async () => {
    const { files, records, create } = recordsOf();
    const run = await create();
    const train = async (): Promise<TrainingOutcome> => {
      await records.rename(run.id, 'First');
      const write = vi.spyOn(files, 'write').mockRejectedValueOnce(new Error('full'));
      await expect(records.rename(run.id, 'Mine')).rejects.toThrow();
      expect(write).toHaveBeenCalled();
      return ended([]);
    };
    await records.exclusively(run.id, () => records.record(run, undefined, () => undefined, train));
    expect(await records.get(run.id)).toMatchObject({ state: 'finished' });
  });

  it('of another tab is neither renamed nor removed', async () => {
    const { records, create, takeElsewhere } = recordsOf();
    const { id } = await create();
    takeElsewhere(id);
    await expect(records.rename(id, 'Mine')).rejects.toMatchObject({ code: 'run_in_other_tab' });
    await expect(records.remove(id)).rejects.toMatchObject({ code: 'run_in_other_tab' });
    expect((await records.get(id)).name).toBeUndefined();
  });

  it('tells of every change that the list shows', async () => {
    const { records, create, onChange } = recordsOf();
    const { id } = await create();
    const changesBy = async (action: () => Promise<unknown>): Promise<number> => {
      onChange.mockClear();
      await action();
      return onChange.mock.calls.length;
    };
    expect(await changesBy(() => records.rename(id, 'Mine'))).toBe(1);
    // It begins to be used, and it ends.
    expect(await changesBy(() => records.exclusively(id, () => Promise.resolve()))).toBe(2);
    expect(await changesBy(() => records.remove(id))).toBe(1);
  });

  it('tells of each checkpoint once the list has its step', async () => {
    const { records, create, onChange } = recordsOf();
    const run = await create();
    const listed: (number | undefined)[] = [];
    const told = new Promise<void>((resolve) =>
      onChange.mockImplementation(
        () =>
          void records.list().then(([first]) => {
            listed.push(first?.checkpointStep);
            resolve();
          }),
      ),
    );
    await records.record(
      run,
      undefined,
      () => undefined,
      async (onEvent) => {
        onEvent(step(20, 3));
        onEvent({ event: 'checkpoint', step: 20 });
        await told;
        return ended([step(20, 3)]);
      },
    );
    expect(listed).toEqual([20]);
  });
});
