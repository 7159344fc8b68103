import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeError, TunesmithError } from '../../../src/core/errors';
import { KeptConversations } from '../../../src/ui/chat/kept_conversations.svelte';
import { newConversation } from '../../../src/ui/chat/conversation';
import { SystemPrompt } from '../../../src/ui/chat/system_prompt.svelte';
import type { EngineState as EngineStateClass } from '../../../src/ui/engine.svelte';
import { language, sayError, t } from '../../../src/ui/language.svelte';
import { FormerAdapter } from '../../../src/ui/runs/former.svelte';
import { ThemeState } from '../../../src/ui/shared/theme.svelte';
import { RunEvents } from '../../../src/ui/train/run_events.svelte';
import { ChartView } from '../../../src/ui/train/view.svelte';
import { newTab, sampleEvent, stepEvent, stubLocalStorage } from './engine';

let kept: Map<string, string>;
beforeEach(() => (kept = stubLocalStorage()));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('how the chart is shown', () => {
  it('is kept over a reload, each part for itself', () => {
    expect(new ChartView()).toMatchObject({ smoothing: true, logScale: false });
    new ChartView().change({ logScale: true });
    new ChartView().change({ smoothing: false });
    new ChartView().change({ weight: 0.6, axis: 'epoch' });
    const kept = { smoothing: false, logScale: true, weight: 0.6, axis: 'epoch', what: 'loss' };
    expect(new ChartView()).toMatchObject(kept);
  });

  it('is the usual one if storage holds something else', () => {
    kept.set('tunesmith.chart', '{"smoothing":"no"}');
    expect(new ChartView()).toMatchObject({ smoothing: true, logScale: false });
    // That of an older version.
    kept.set('tunesmith.chart', '{"smoothing":false,"logScale":true}');
    expect(new ChartView()).toMatchObject({ smoothing: false, logScale: true, weight: null, axis: 'step' });
  });
});

describe('the adapter of before a reload', () => {
  it('is remembered until another is wanted', () => {
    expect(new FormerAdapter().run).toBeUndefined();
    const former = new FormerAdapter();
    former.closed = true;
    former.remember('a-run');
    expect(former).toMatchObject({ run: 'a-run', closed: false });
    expect(new FormerAdapter().run).toBe('a-run');
    former.closed = true;
    former.forget();
    expect(former).toMatchObject({ run: undefined, closed: false });
    expect(new FormerAdapter().run).toBeUndefined();
  });

  it('is this tab’s, whatever another tab opens', () => {
    const first = newTab();
    new FormerAdapter().remember('mine');
    newTab();
    expect(new FormerAdapter().run).toBe('mine');
    new FormerAdapter().remember('another');
    first();
    expect(new FormerAdapter().run).toBe('mine');
  });
});

describe('the colours', () => {
  let changed: (event: { matches: boolean }) => void;
  const metas = ['light', 'dark'].map((scheme) => ({ dataset: { scheme }, media: '' }));
  const root = { dataset: {} as Record<string, string> };
  beforeEach(() => {
    const addEventListener = (_: string, listener: typeof changed) => (changed = listener);
    vi.stubGlobal('matchMedia', () => ({ matches: true, addEventListener }));
    vi.stubGlobal('document', { documentElement: root, querySelectorAll: () => metas });
  });

  it('are those of the system until the visitor chooses', () => {
    const theme = new ThemeState();
    expect(theme).toMatchObject({ choice: 'auto', dark: true });
    changed({ matches: false });
    expect(theme.dark).toBe(false);
    expect(root.dataset['theme']).toBeUndefined();
    expect(metas.map(({ media }) => media)).toEqual([
      '(prefers-color-scheme: light)',
      '(prefers-color-scheme: dark)',
    ]);
    theme.choose('dark');
    changed({ matches: false });
    expect(theme.dark).toBe(true);
    expect(root.dataset['theme']).toBe('dark');
    expect(metas.map(({ media }) => media)).toEqual(['not all', 'all']);
    expect(new ThemeState().choice).toBe('dark');
    theme.choose('auto');
    expect(root.dataset['theme']).toBeUndefined();
  });
});

describe('the engine', () => {
  /** A worker that the tests let speak. */
  class Silent extends EventTarget {
    static last: Silent;
    constructor() {
      super();
      Silent.last = this;
    }
    postMessage(): void {
      // Nobody hears it.
    }
  }
  let EngineState: typeof EngineStateClass;
  beforeEach(async () => {
    vi.stubGlobal('Worker', Silent);
    vi.stubGlobal('document', { baseURI: 'https://host.example/' });
    // Test files share their modules, and another one replaces the engine's connection.
    vi.resetModules();
    ({ EngineState } = await import('../../../src/ui/engine.svelte'));
  });
  // A later test file must not get this one's modules in place of those that it replaces.
  afterEach(() => void vi.resetModules());

  it('is usable once it has found a device, and no more after it broke', async () => {
    const engine = new EngineState();
    expect(engine).toMatchObject({ usable: false, canRecover: false });
    Object.assign(engine, { remote: { device: () => Promise.resolve({ kind: 'hardware' }) } });
    await engine.detect();
    expect(engine).toMatchObject({ usable: true, canRecover: true });
    Silent.last.dispatchEvent(new Event('error'));
    expect(engine.failure?.code).toBe('worker_failed');
    expect(engine).toMatchObject({ usable: false, canRecover: false });
  });

  it('is not usable without a device', async () => {
    const engine = new EngineState();
    Object.assign(engine, { remote: { device: () => Promise.resolve({ kind: 'none' }) } });
    await engine.detect();
    expect(engine.usable).toBe(false);
  });
});

describe('the language', () => {
  beforeEach(() => void vi.stubGlobal('document', { documentElement: {}, querySelector: () => null }));
  afterEach(() => language.choose('en'));

  it("is the browser's first that the page speaks, until another is chosen", () => {
    vi.stubGlobal('navigator', { languages: ['fr-FR', 'zh-CN', 'en'] });
    language.begin();
    expect(language.current).toBe('zh');
    expect(document.documentElement.lang).toBe('zh-Hans');
    language.choose('en');
    language.begin();
    expect(language.current).toBe('en');
  });

  it('changes words that are read again, those of an error that is on show as well', () => {
    const error = describeError(new TunesmithError({ code: 'engine_busy', values: { doing: 'training' } }));
    language.choose('en');
    const english = [t.chat.send, sayError(error).message];
    language.choose('zh');
    const chinese = [t.chat.send, sayError(error).message];
    expect(chinese).not.toContain(english[0]);
    expect(chinese).not.toContain(english[1]);
  });
});

describe('the system prompt', () => {
  it("is the visitor's own again after a conversation that has another", () => {
    const prompt = new SystemPrompt();
    prompt.change('Be brief.');
    prompt.open('Rhyme.');
    expect(prompt).toMatchObject({ text: 'Rhyme.', isOwn: false });
    const reloaded = new SystemPrompt();
    expect(reloaded.text).toBe('Be brief.');
    reloaded.restore();
    expect(reloaded.text).toBe('Rhyme.');
    reloaded.change('');
    expect(reloaded).toMatchObject({ text: '', isOwn: false });
    reloaded.open(undefined);
    expect(reloaded).toMatchObject({ text: 'Be brief.', isOwn: true });
  });
});

describe('kept conversations', () => {
  // Test files share the database.
  beforeEach(async () => {
    const former = new KeptConversations(vi.fn());
    await former.refresh();
    for (const { id } of former.list) await former.remove(id);
  });

  it('of another tab are neither overwritten nor lost', async () => {
    const moved = vi.fn();
    const [one, two] = [new KeptConversations(moved), new KeptConversations(moved)];
    const first = newConversation({ key: 'k', model: 'tiny', adapter: '' }, '');
    const says = (question: string, updatedAt: string) => ({ ...first, updatedAt, turns: [{ question }] });
    one.keep(says('One', '2026-01-01T00:00:00.000Z'));
    await one.refresh();
    await two.refresh();
    expect(two.take(first.id)?.turns).toMatchObject([{ question: 'One' }]);
    one.keep(says('One, again', '2026-01-01T00:00:01.000Z'));
    await one.refresh();
    two.keep(says('Two', '2026-01-01T00:00:02.000Z'));
    await two.refresh();
    expect(moved).toHaveBeenCalledExactlyOnceWith(first.id, expect.any(String));
    expect(two.list.map(({ turns }) => turns[0]?.question)).toEqual(['Two', 'One, again']);
    for (const { id } of two.list) await two.remove(id);
    await one.refresh();
    expect(one.list).toEqual([]);
    expect(two.take(first.id)).toBeUndefined();
  });

  const asked = (question: string) => ({
    ...newConversation({ key: 'k', model: 'tiny', adapter: '' }, ''),
    turns: [{ question }],
  });
  const questions = ({ list }: KeptConversations) => list.map(({ turns }) => turns[0]?.question).sort();
  const fillDisk = () =>
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('The disk is full.', 'QuotaExceededError');
    });
  async function stored() {
    const reloaded = new KeptConversations(vi.fn());
    await reloaded.refresh();
    return reloaded;
  }

  it.each([
    ['the next one is stored', (kept: KeptConversations) => kept.keep(asked('B'))],
    ['there is room again', (kept: KeptConversations) => kept.again()],
  ])('that the browser did not store are stored as soon as %s', async (_, act) => {
    const kept = new KeptConversations(vi.fn());
    const full = fillDisk();
    kept.keep(asked('A'));
    await kept.refresh();
    expect(kept.failure?.code).toBe('conversation_not_kept');
    full.mockRestore();
    act(kept);
    await kept.refresh();
    expect(kept.failure).toBeUndefined();
    const reloaded = await stored();
    expect(questions(reloaded)).toContain('A');
    expect(questions(reloaded)).toEqual(questions(kept));
    for (const { id } of reloaded.list) await reloaded.remove(id);
  });

  it('are said not to be stored as long as one is not', async () => {
    const kept = new KeptConversations(vi.fn());
    const large = asked('Large');
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      value: { id: string },
      key,
    ) {
      if (value.id === large.id) throw new DOMException('Too large.', 'QuotaExceededError');
      return this.add(value, key);
    });
    kept.keep(large);
    kept.keep(asked('Small'));
    await kept.refresh();
    put.mockRestore();
    expect(kept.failure?.code).toBe('conversation_not_kept');
    const reloaded = await stored();
    expect(questions(reloaded)).toEqual(['Small']);
    for (const { id } of reloaded.list) await reloaded.remove(id);
    await kept.remove(large.id);
    expect(kept.failure).toBeUndefined();
  });

  it('do not come back when they are removed while they are written', async () => {
    const full = fillDisk();
    const failing = new KeptConversations(vi.fn());
    const first = asked('First');
    failing.keep(first);
    await failing.remove(first.id);
    full.mockRestore();
    await failing.refresh();
    expect([failing.list, failing.failure]).toEqual([[], undefined]);

    // Another tab has continued this one, so this tab's version would move.
    const moved = vi.fn();
    const [one, two] = [new KeptConversations(moved), new KeptConversations(moved)];
    const shared = asked('Shared');
    one.keep(shared);
    await one.refresh();
    two.keep({ ...shared, turns: [{ question: 'Mine' }] });
    await two.remove(shared.id);
    await two.refresh();
    expect(moved).not.toHaveBeenCalled();
    expect(two.list).toEqual([]);
  });
});

describe('the events of a run', () => {
  it('are shown now and then, and those of a recovery take the place of what they repeat', () => {
    vi.useFakeTimers();
    const events = new RunEvents();
    events.add(stepEvent(1));
    events.add({ event: 'checkpoint', step: 1 } as never);
    events.add(stepEvent(2));
    events.add(sampleEvent(2, 'Arr'));
    expect(events.all).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(events.all).toHaveLength(4);
    expect(events).toMatchObject({ last: { step: 2 }, checkpointStep: 1, samples: [{ step: 2 }] });
    events.rewind();
    expect(events.all.flatMap((event) => ('step' in event ? event.step : []))).toEqual([1, 1]);
    events.add(sampleEvent(2, 'Arr!'));
    events.draw();
    expect(events.samples).toEqual([sampleEvent(2, 'Arr!')]);
    events.add(stepEvent(3));
    events.reset([stepEvent(1)], 1);
    vi.advanceTimersByTime(1000);
    expect(events).toMatchObject({ all: [{ step: 1 }], samples: [], checkpointStep: 1 });
  });
});
