import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { CompareState, MOST_COMPARED } from '../../../src/ui/runs/compare.svelte';
import { RunFinder } from '../../../src/ui/runs/finder.svelte';
import { RunsState } from '../../../src/ui/runs/runs.svelte';
import type { ListedRun, RunRecord } from '../../../src/worker/protocol';
import { engineOf, listedRun, runRecord, sampleEvent, stepEvent, stubLocalStorage } from './engine';

beforeEach(() => void stubLocalStorage());
afterEach(() => vi.unstubAllGlobals());

const elsewhere = () => new TunesmithError({ code: 'run_in_other_tab' });

function stateOf(list: readonly ListedRun[]) {
  const remote = {
    listed: list,
    list: () => Promise.resolve(remote.listed),
    unreadable: () => Promise.resolve([] as string[]),
    rename: vi.fn(() => Promise.resolve()),
    open: vi.fn<() => Promise<object>>(() => Promise.resolve({})),
    read: vi.fn((id: string): Promise<RunRecord> => Promise.resolve(runRecord({ id }))),
  };
  return { remote, state: new RunsState(engineOf({ runs: remote })) };
}

describe('past runs', () => {
  it('say beside the run what went wrong with it, until it is dismissed or tried again', async () => {
    const { state, remote } = stateOf([listedRun()]);
    await state.refresh();
    remote.rename.mockRejectedValueOnce(new TunesmithError({ code: 'run_unknown' }));
    expect(await state.rename('a-run', 'Mine')).toBe(false);
    expect(state.failures.get('a-run')?.code).toBe('run_unknown');
    expect(state.error).toBeUndefined();
    state.dismiss('a-run');
    expect(state.failures.size).toBe(0);
    remote.rename.mockRejectedValueOnce(new TunesmithError({ code: 'run_unknown' }));
    await state.rename('a-run', 'Mine');
    expect(await state.rename('a-run', 'Mine')).toBe(true);
    expect(state.failures.size).toBe(0);
  });

  it('forget that another tab had a run as soon as it has let go of it', async () => {
    const { state, remote } = stateOf([listedRun({ usedBy: 'another tab' })]);
    remote.open.mockRejectedValueOnce(elsewhere());
    expect(await state.open('a-run')).toBe('failed');
    await state.refresh();
    expect(state.failures.get('a-run')?.code).toBe('run_in_other_tab');
    remote.listed = [listedRun()];
    await state.refresh();
    expect(state.failures.size).toBe(0);
  });

  it('forget what was wrong with a run that is gone', async () => {
    const { state, remote } = stateOf([listedRun()]);
    await state.refresh();
    state.fail('a-run', elsewhere());
    remote.listed = [];
    await state.refresh();
    expect(state.failures.size).toBe(0);
  });

  it('know those that have been removed, but not one that can’t be read for now', async () => {
    const { state, remote } = stateOf([listedRun(), listedRun({ id: 'damaged' })]);
    await state.refresh();
    expect(state.removed('a-run')).toBeUndefined();
    remote.listed = [];
    remote.unreadable = () => Promise.resolve(['damaged']);
    await state.refresh();
    expect(state.removed('a-run')).toMatchObject({ id: 'a-run', modelName: 'tiny' });
    expect(state.removed('damaged')).toBeUndefined();
    expect(state.removed(undefined)).toBeUndefined();
  });

  it('take a stopped opening for no problem', async () => {
    const { state, remote } = stateOf([listedRun()]);
    remote.open.mockRejectedValueOnce(new DOMException('Stopped.', 'AbortError'));
    expect(await state.open('a-run')).toBe('stopped');
    expect(state).toMatchObject({ opening: undefined, progress: undefined });
    expect(state.failures.size).toBe(0);
  });

  it('offer to continue an interrupted run, but not one of another tab', async () => {
    const { state, remote } = stateOf([listedRun({ usedBy: 'another tab' })]);
    await state.refresh();
    expect(state.unfinished).toBeUndefined();
    remote.listed = [listedRun()];
    await state.refresh();
    expect(state.unfinished?.id).toBe('a-run');
    state.putAside({ id: 'a-run' });
    state.putAside({ id: 'another' });
    expect(state.unfinished).toBeUndefined();
    // After a reload neither, until it is continued.
    const reloaded = stateOf(remote.listed).state;
    await reloaded.refresh();
    expect(reloaded.unfinished).toBeUndefined();
    reloaded.takeUp('a-run');
    expect(reloaded.unfinished?.id).toBe('a-run');
    const again = stateOf(remote.listed).state;
    await again.refresh();
    expect(again.unfinished?.id).toBe('a-run');
  });
});

describe('the finder of runs', () => {
  const list = [
    listedRun({ id: 'c', startedAt: '2026-03-03T00:00:00.000Z', modelName: 'beta', loss: 2 }),
    listedRun({
      id: 'b',
      startedAt: '2026-02-02T00:00:00.000Z',
      modelName: 'alpha',
      name: 'Zebra',
      tags: ['t1'],
    }),
    listedRun({
      id: 'a',
      startedAt: '2026-01-01T00:00:00.000Z',
      modelName: 'beta',
      loss: 3,
      evalLoss: 1,
      notes: 'Odd.',
    }),
  ];
  const ids = (finder: RunFinder) => finder.find(list).map(({ id }) => id);

  it.each([
    ['', ['c', 'b', 'a']],
    ['zebra', ['b']],
    ['BETA', ['c', 'a']],
    ['beta 2026-01', ['a']],
    ['rows.jsonl alpha', ['b']],
    ['gamma', []],
    ['t1', ['b']],
    ['odd', ['a']],
  ])('finds “%s” by name, tags, notes, model, files and date', (words, found) => {
    const finder = new RunFinder();
    finder.words = words;
    expect(ids(finder)).toEqual(found);
  });

  it('finds the runs of a tag and of a model, unless no run has them any more', () => {
    const finder = new RunFinder();
    finder.model = 'beta';
    expect(ids(finder)).toEqual(['c', 'a']);
    finder.tag = 't1';
    expect(ids(finder)).toEqual([]);
    finder.model = 'gone';
    expect(ids(finder)).toEqual(['b']);
    finder.clear();
    expect(ids(finder)).toEqual(['c', 'b', 'a']);
  });

  it('sorts, and remembers how', () => {
    const finder = new RunFinder();
    const sorted = (sort: Parameters<RunFinder['sortBy']>[0]) => {
      finder.sortBy(sort);
      return ids(finder);
    };
    expect(sorted('oldest')).toEqual(['a', 'b', 'c']);
    expect(sorted('model')).toEqual(['b', 'c', 'a']);
    // Those without a name of their own are called by their model.
    expect(sorted('name')).toEqual(['a', 'c', 'b']);
    expect(sorted('loss')).toEqual(['a', 'c', 'b']);
    expect(new RunFinder().sort).toBe('loss');
  });
});

describe('a comparison of runs', () => {
  const timed = (step: number, seconds: number) => ({ ...stepEvent(step), elapsed_seconds: seconds });

  function comparison(records: readonly RunRecord[]) {
    const list = records.map(({ id }) => listedRun({ id }));
    const read = (id: string) => Promise.resolve(records.find((record) => record.id === id));
    const runs = { list, read } as unknown as RunsState;
    const state = new CompareState(runs);
    for (const run of list) state.choose(run, true);
    return state;
  }

  it('has the settings that differ and no others, and the last answers to each prompt', async () => {
    const state = comparison([
      runRecord({
        id: 'a',
        settings: { ...DEFAULTS, r: 4 },
        history: [sampleEvent(0, 'Nobody'), sampleEvent(2, 'Me')],
      }),
      runRecord({ id: 'b', settings: { ...DEFAULTS, r: 8 }, history: [] }),
    ]);
    await state.open();
    expect(state.differences).toEqual([{ name: 'r', values: ['4', '8'] }]);
    expect(state.answers).toEqual([{ prompt: 'Who?', answers: [{ text: 'Me', step: 2 }, undefined] }]);
    state.close();
    expect(state.records).toBeUndefined();
  });

  it('takes a few runs only, and needs two', async () => {
    const ids = Array.from({ length: MOST_COMPARED + 1 }, (_, i) => `run-${i}`);
    const state = comparison(ids.map((id) => runRecord({ id })));
    expect(state).toMatchObject({ chosen: ids.slice(0, MOST_COMPARED), full: true, ready: true });
    for (const id of ids.slice(1)) state.choose({ id }, false);
    expect(state).toMatchObject({ full: false, ready: false });
    await state.open();
    expect(state.records).toBeUndefined();
  });

  it('knows whether every run tells its time', async () => {
    const history = [timed(1, 2), timed(2, 4)];
    const old = comparison([
      runRecord({ id: 'a', history }),
      runRecord({ id: 'b', history: [stepEvent(1)] }),
    ]);
    await old.open();
    expect(old.hasTime).toBe(false);
    const recent = comparison([runRecord({ id: 'a', history }), runRecord({ id: 'b', history })]);
    await recent.open();
    expect(recent.hasTime).toBe(true);
  });
});
