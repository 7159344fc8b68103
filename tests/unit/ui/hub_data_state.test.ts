import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { DatasetReference } from '../../../src/core/dataset_reference';
import { TunesmithError } from '../../../src/core/errors';
import { HubDataState } from '../../../src/ui/examples/files/hub/hub_data.svelte';
import { typedOf, typedSlice } from '../../../src/ui/examples/files/hub/rows';
import { settleMilliseconds } from '../../../src/ui/model/search.svelte';
import type { DatasetReport } from '../../../src/worker/protocol';
import { deferred, engineOf } from './engine';

const split = (name: string) => ({ name, bytes: 1, files: 1 });
const report: DatasetReport = {
  repo: 'a/b',
  commit: '0',
  gated: false,
  converted: false,
  configs: [
    { name: 'en', isDefault: true, splits: [split('test'), split('train')] },
    { name: 'zh', isDefault: false, splits: [split('full')] },
  ],
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function stateWith(datasets: object): { readonly state: HubDataState; readonly added: File[] } {
  const added: File[] = [];
  const state = new HubDataState(engineOf({ datasets }), (file) => Promise.resolve(void added.push(file)));
  return { state, added };
}

it('searches by the name alone, once the typing has paused', async () => {
  const search = vi.fn((query: string) =>
    Promise.resolve([{ repo: `a/${query}`, gated: false, downloads: 0 }]),
  );
  const { state } = stateWith({ search });
  for (const query of ['s', 'sa', 'sail[:5']) state.type(query);
  expect(state.searching).toBe(true);
  await vi.advanceTimersByTimeAsync(settleMilliseconds);
  expect(search.mock.calls).toEqual([['sail']]);
  expect(state).toMatchObject({ searching: false, found: 'sail[:5', results: [{ repo: 'a/sail' }] });
  state.type('other');
  expect(state.results).toEqual([]);
});

it.each<[DatasetReference, string, string]>([
  [{ repo: 'a/b' }, 'en', 'train'],
  [{ repo: 'a/b', split: 'test' }, 'en', 'test'],
  [{ repo: 'a/b', split: 'zh' }, 'zh', 'full'],
  [{ repo: 'a/b', config: 'zh', split: 'full' }, 'zh', 'full'],
  [{ repo: 'a/b', split: 'gone' }, 'en', 'train'],
])('shows the part that a name means: %j', async (reference, config, part) => {
  const { state } = stateWith({ look: () => Promise.resolve(report) });
  await state.look(reference);
  expect([state.config, state.split]).toEqual([config, part]);
});

it('adds the chosen rows, says what is wrong with them, and closes', async () => {
  const notes = [{ code: 'dataset_converted', values: { repo: 'a/b' } }];
  const fetch = vi.fn(() => Promise.resolve({ name: 'a--b.jsonl', content: new Blob(['{}\n']), notes }));
  const { state, added } = stateWith({ look: () => Promise.resolve(report), fetch });
  state.open = true;
  await state.look({ repo: 'a/b', revision: 'v1', slice: { unit: 'rows', end: 9 } });
  expect(state.rows).toBe('9');
  state.chooseConfig('zh');
  await state.fetch();
  const chosen = {
    repo: 'a/b',
    revision: 'v1',
    config: 'zh',
    split: 'full',
    slice: { unit: 'rows', end: 9 },
  };
  expect(fetch).toHaveBeenCalledExactlyOnceWith(chosen, expect.any(Function));
  expect(added.map(({ name }) => name)).toEqual(['a--b.jsonl']);
  expect(state).toMatchObject({ open: false, report: undefined, notes, progress: undefined });
});

it('shows a failure, and forgets it with the next name', async () => {
  const failure = new TunesmithError({ code: 'dataset_reference', values: { typed: 'x' } });
  const { state } = stateWith({ look: () => Promise.reject(failure) });
  await state.look({ repo: 'a/b' });
  expect(state).toMatchObject({ looking: false, error: { code: 'dataset_reference' } });
  state.type('a/c');
  expect(state.error).toBeUndefined();
});

it('ignores an answer about a name that is no longer typed', async () => {
  const answer = deferred<DatasetReport>();
  const { state } = stateWith({ look: () => answer.promise });
  const looking = state.look({ repo: 'a/b' });
  state.type('a');
  answer.resolve(report);
  await looking;
  expect(state).toMatchObject({ looking: false, report: undefined });
});

it('reads rows as people type them', () => {
  const texts = ['', '100', '10:20', '-5:', '10%:20%', '50%'];
  expect(texts.map((text) => typedOf(typedSlice(text)))).toEqual(texts);
  expect(typedSlice('[:7]')).toEqual({ unit: 'rows', end: 7 });
  expect(['all', '1-5', '1,000'].map(typedSlice)).toEqual([undefined, undefined, undefined]);
});
