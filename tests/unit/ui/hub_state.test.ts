import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { CandidateState } from '../../../src/ui/model/candidate.svelte';
import { HubState } from '../../../src/ui/model/hub.svelte';
import { SearchState, settleMilliseconds } from '../../../src/ui/model/search.svelte';
import type { HubModelReport, ModelPreview } from '../../../src/worker/protocol';
import { deferred, engineOf, LOAD, preview, stubLocalStorage } from './engine';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function found(repo: string): HubModelReport {
  return { repo, gated: false, downloads: 0, likes: 0, tags: [] };
}

describe('the search of the hub', () => {
  beforeEach(() => void vi.useFakeTimers());

  it('asks once when the typing has paused', async () => {
    const searchModels = vi.fn((query: string) => Promise.resolve([found(`owner/${query}`)]));
    const search = new SearchState(engineOf({ catalog: { search: searchModels } }));
    for (const query of ['q', 'qw', 'qwe', 'qwen ']) {
      search.type(query, LOAD, DEFAULTS);
      await vi.advanceTimersByTimeAsync(settleMilliseconds / 2);
    }
    expect(search.busy).toBe(true);
    await vi.advanceTimersByTimeAsync(settleMilliseconds);
    expect(searchModels.mock.calls).toEqual([['qwen', LOAD, DEFAULTS]]);
    expect(search.results.map(({ repo }) => repo)).toEqual(['owner/qwen']);
    expect(search.found).toBe('qwen');
    expect(search.busy).toBe(false);
    search.type('q', LOAD, DEFAULTS);
    expect(search.query).toBe('q');
    expect(search.results).toEqual([]);
  });

  it('offers nothing that was found for something else than what is typed now', async () => {
    const answer = deferred<HubModelReport[]>();
    const answers = [Promise.resolve([found('owner/qwen')]), answer.promise];
    const searchModels = vi.fn(() => answers.shift());
    const search = new SearchState(engineOf({ catalog: { search: searchModels } }));
    search.type('qwen', LOAD, DEFAULTS);
    await vi.advanceTimersByTimeAsync(settleMilliseconds);
    expect(search.results).toHaveLength(1);
    search.type('owner/other', LOAD, DEFAULTS);
    // While the typing may go on.
    expect(search).toMatchObject({ results: [], found: '', busy: true });
    await vi.advanceTimersByTimeAsync(settleMilliseconds);
    // While the hub is asked.
    expect(searchModels).toHaveBeenCalledTimes(2);
    expect(search).toMatchObject({ results: [], found: '', busy: true });
    answer.resolve([found('owner/other')]);
    await vi.advanceTimersByTimeAsync(0);
    expect(search.results.map(({ repo }) => repo)).toEqual(['owner/other']);
    search.query = 'owner/chosen';
    expect(search).toMatchObject({ results: [], found: '' });
  });

  it('shows no answer to an older question, and no failure of one', async () => {
    const answers = [
      deferred<HubModelReport[]>(),
      deferred<HubModelReport[]>(),
      deferred<HubModelReport[]>(),
    ];
    let asked = 0;
    const search = new SearchState(engineOf({ catalog: { search: () => answers[asked++]?.promise } }));
    for (const query of ['first', 'second', 'third']) {
      search.type(query, LOAD, DEFAULTS);
      await vi.advanceTimersByTimeAsync(settleMilliseconds);
    }
    answers[2]?.resolve([found('owner/third')]);
    answers[0]?.resolve([found('owner/first')]);
    answers[1]?.reject(new Error('cut off'));
    await vi.advanceTimersByTimeAsync(0);
    expect(search.results.map(({ repo }) => repo)).toEqual(['owner/third']);
    expect(search.error).toBeUndefined();
  });

  it('tells why the newest question has no answer, until something else is typed', async () => {
    const refusal = new TunesmithError({ code: 'endpoint_unreachable', values: { host: 'hub.example' } });
    const search = new SearchState(engineOf({ catalog: { search: () => Promise.reject(refusal) } }));
    search.type('qwen', LOAD, DEFAULTS);
    await vi.advanceTimersByTimeAsync(settleMilliseconds);
    expect(search.error?.code).toBe('endpoint_unreachable');
    expect(search.busy).toBe(false);
    search.type('qwen2', LOAD, DEFAULTS);
    expect(search.error).toBeUndefined();
  });
});

describe('the model that is looked at', () => {
  it('is told of by the newest answer alone', async () => {
    const answers = [deferred<ModelPreview>(), deferred<ModelPreview>()];
    let asked = 0;
    const candidate = new CandidateState(engineOf({ catalog: { preview: () => answers[asked++]?.promise } }));
    candidate.look({ kind: 'hub', repo: 'owner/name', revision: 'v1', file: 'a.gguf' });
    expect(candidate.name).toBe('owner/name@v1:a.gguf');
    const first = candidate.refresh(LOAD, DEFAULTS);
    const second = candidate.refresh(LOAD, { ...DEFAULTS, r: 8 });
    answers[1]?.resolve(preview({ repo: 'owner/name', memoryTotal: 8 }));
    answers[0]?.resolve(preview({ memoryTotal: 16 }));
    await Promise.all([first, second]);
    expect(candidate.preview?.memoryTotal).toBe(8);
    expect(candidate.busy).toBe(false);
  });

  it('is forgotten with what was asked of it', async () => {
    const answer = deferred<ModelPreview>();
    const candidate = new CandidateState(engineOf({ catalog: { preview: () => answer.promise } }));
    candidate.look({ kind: 'stored', id: 'a' }, 'mine');
    const asked = candidate.refresh(LOAD, DEFAULTS);
    candidate.forget();
    answer.reject(new Error('late'));
    await asked;
    expect(candidate).toMatchObject({ source: undefined, preview: undefined, error: undefined, busy: false });
  });

  it('keeps the old preview visible during a new request, and replaces it by a failure', async () => {
    const answers = [Promise.resolve(preview()), deferred<ModelPreview>()] as const;
    let asked = 0;
    const candidate = new CandidateState(
      engineOf({ catalog: { preview: () => (asked++ === 0 ? answers[0] : answers[1].promise) } }),
    );
    candidate.look({ kind: 'hub', repo: 'owner/name' });
    await candidate.refresh(LOAD, DEFAULTS);
    const again = candidate.refresh(LOAD, DEFAULTS);
    expect(candidate.preview).toBeDefined();
    answers[1].reject(
      new TunesmithError({
        code: 'repository_gated',
        values: { repo: 'a/b', page: 'a/b', endpoint: 'https://hub.example', token: false },
      }),
    );
    await again;
    expect(candidate.preview).toBeUndefined();
    expect(candidate.error?.code).toBe('repository_gated');
  });
});

describe('the hub and its token', () => {
  const setHub = vi.fn(() => Promise.resolve());
  beforeEach(() => void setHub.mockClear());

  it('begins with the Hub itself and no token, and keeps none unless asked to', async () => {
    const kept = stubLocalStorage();
    const hub = new HubState(engineOf({ catalog: { setHub: setHub } }));
    await hub.setToken(' hf_secret ');
    expect(setHub).toHaveBeenLastCalledWith({ endpoint: 'https://huggingface.co', token: 'hf_secret' });
    expect([...kept.values()].join()).not.toContain('hf_secret');
    hub.remember(true);
    expect(new HubState(engineOf({ catalog: { setHub: setHub } })).token).toBe('hf_secret');
    hub.remember(false);
    expect(new HubState(engineOf({ catalog: { setHub: setHub } })).token).toBe('');
    hub.remember(true);
    await hub.forgetToken();
    expect(setHub).toHaveBeenLastCalledWith({ endpoint: 'https://huggingface.co' });
    expect([...kept.values()].join()).not.toContain('hf_secret');
  });

  it('gives a remembered token to the hub alone that it was for', () => {
    const kept = stubLocalStorage();
    const hub = new HubState(engineOf({ catalog: { setHub: setHub } }));
    hub.token = 'hf_secret';
    hub.remember(true);
    hub.keepEndpoint('https://hf-mirror.com');
    // The value from which the security policy is made before the page runs.
    expect(kept.get('tunesmith.hub')).toBe('{"endpoint":"https://hf-mirror.com"}');
    const other = new HubState(engineOf({ catalog: { setHub: setHub } }));
    expect(other).toMatchObject({ endpoint: 'https://hf-mirror.com', host: 'hf-mirror.com', token: '' });
  });

  it('knows right after the reload, and only then, that it was just chosen', () => {
    stubLocalStorage();
    const hub = new HubState(engineOf({ catalog: { setHub: setHub } }));
    expect(hub).toMatchObject({ justChosen: false, known: true });
    hub.keepEndpoint('https://hub.example');
    expect(new HubState(engineOf({ catalog: { setHub: setHub } }))).toMatchObject({
      justChosen: true,
      known: false,
    });
    expect(new HubState(engineOf({ catalog: { setHub: setHub } })).justChosen).toBe(false);
  });
});
