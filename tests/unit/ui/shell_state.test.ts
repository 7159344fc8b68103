import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { App } from '../../../src/ui/app.svelte';
import { NewsState } from '../../../src/ui/shell/news.svelte';
import type { Place } from '../../../src/ui/shell/route.svelte';
import { situationOf } from '../../../src/ui/shell/situation.svelte';
import { stepStatuses } from '../../../src/ui/shell/status.svelte';
import { Taste } from '../../../src/ui/shell/taste.svelte';
import { titleOf } from '../../../src/ui/shell/title.svelte';
import { workOf } from '../../../src/ui/work.svelte';
import type { RemoteEngine } from '../../../src/worker/protocol';
import { listedRun, preview, report, runRecord, stepEvent, stubLocalStorage } from './engine';

type Parts = { readonly [Part in keyof App]?: object | boolean | number | undefined };

/** The page's state with the demo ready to be trained, but for what is given. */
function appOf(given: Parts = {}, place: Place = 'train'): App {
  const merge = (usual: object, part: keyof App) => ({ ...usual, ...(given[part] as object | undefined) });
  const app = {
    canStart: true,
    canChat: true,
    starting: false,
    ...given,
    route: { place, go: vi.fn() },
    engine: merge({ failure: undefined, device: { kind: 'gpu' }, usable: true }, 'engine'),
    settings: merge({ values: {}, valid: true }, 'settings'),
    model: merge({ wanted: { kind: 'demo' }, name: 'demo', report: report(), busy: false }, 'model'),
    candidate: merge({ source: undefined, name: '', forget: vi.fn() }, 'candidate'),
    examples: merge({ own: false, files: [], unusable: [], report: { examples: 80 } }, 'examples'),
    training: merge(
      {
        phase: 'idle',
        active: false,
        checkpointStep: 0,
        message: '',
        plan: { fits: true, memoryTotal: 1e7 },
      },
      'training',
    ),
    runs: merge({ list: [], unreadable: [], get: () => undefined, removed: () => undefined }, 'runs'),
    former: merge({ opening: false }, 'former'),
    chat: merge({ speaking: undefined, settings: { valid: true } }, 'chat'),
    more: merge({ doing: undefined }, 'more'),
    exports: merge({ exporting: false }, 'exports'),
    noise: merge({ running: false }, 'noise'),
    onnx: merge({ report: undefined }, 'onnx'),
    news: merge({ outcome: undefined }, 'news'),
    reopening: merge({ busy: false }, 'reopening'),
    choice: merge({ missingRoom: undefined, canOpen: true }, 'choice'),
  } as unknown as App;
  return Object.assign(app, { work: workOf(app) });
}

const running = { phase: 'running', active: true, stoppable: true, last: stepEvent(4), secondsLeft: 1 };

describe('the situation', () => {
  const own = { model: { wanted: { kind: 'hub' }, name: 'tiny' } };
  it.each<[string, Parts, Place, string | undefined, string[]]>([
    ['the demo is ready', {}, 'train', 'start', []],
    ['there is no GPU', { canStart: false, engine: { usable: false } }, 'train', 'start', ['chat']],
    [
      'there is no GPU, and an export is open',
      { canStart: false, engine: { usable: false }, onnx: { report: {} } },
      'chat',
      'start',
      [],
    ],
    ['it trains, seen from elsewhere', { training: running }, 'chat', 'train', ['stop', 'pause']],
    ['it trains, on show', { training: running }, 'train', undefined, ['stop', 'pause']],
    ['it is paused', { training: { ...running, phase: 'paused' } }, 'model', 'resume', ['stop']],
    ['it has ended', { training: { phase: 'finished' } }, 'train', 'chat', ['start', 'export']],
    ['it has ended, in the chat', { training: { phase: 'finished' } }, 'chat', 'export', ['start']],
    ['it has ended, at the export', { training: { phase: 'finished' } }, 'export', 'chat', ['start']],
    ['it failed at once', { training: { phase: 'failed' } }, 'train', 'start', []],
    [
      'it failed after a checkpoint',
      { training: { phase: 'failed', checkpointStep: 3 }, shownRun: runRecord() },
      'chat',
      'continue',
      ['train'],
    ],
    ['a run is opened', { reopening: { busy: true } }, 'train', undefined, ['stop']],
    [
      'a run is opened to be continued',
      { reopening: { busy: true }, training: { active: true, phase: 'preparing' } },
      'train',
      undefined,
      ['stop'],
    ],
    ['a run was interrupted', { runs: { unfinished: runRecord() } }, 'start', 'continue', ['afresh']],
    [
      'a model is looked at',
      { candidate: { source: {}, name: 'tiny', preview: preview() } },
      'model',
      'open',
      [],
    ],
    [
      'a model is looked at that does not fit',
      { candidate: { source: {}, name: 'tiny', preview: preview({ fits: false }) } },
      'train',
      'model',
      ['afresh'],
    ],
    [
      'a model is being fetched',
      { model: { busyLong: true, name: 'tiny' } },
      'examples',
      undefined,
      ['model', 'stop'],
    ],
    ['a download was stopped', { model: { halted: true, stopped: true } }, 'model', 'again', []],
    ['examples are to be chosen', { ...own, examples: { own: true, empty: true } }, 'model', 'examples', []],
    [
      'examples are to be chosen here',
      { ...own, examples: { own: true, empty: true } },
      'examples',
      'start',
      [],
    ],
    ['a setting is wrong', { ...own, settings: { valid: false } }, 'model', 'train', []],
    ['rows are written', { more: { doing: 'model', stop: vi.fn() } }, 'examples', undefined, ['stop']],
    ['an adapter is cleaned up', { noise: { running: true, stop: vi.fn() } }, 'export', undefined, ['stop']],
    ['something is exported', { exports: { exporting: true, stop: vi.fn() } }, 'chat', undefined, ['stop']],
  ])('if %s: there is one thing to press next', (_, parts, place, next, others) => {
    const situation = situationOf(appOf(parts, place));
    expect(situation.next?.name).toBe(next);
    expect(situation.others.map(({ name }) => name)).toEqual(others);
    expect(situation.title).not.toBe('');
  });

  it('offers to continue a stopped run to its end, until it is removed', () => {
    const run = listedRun({ state: 'stopped', checkpointStep: 3 });
    const training = { phase: 'stopped', checkpointStep: 3, run: run.id };
    const stopped = situationOf(appOf({ training, runs: { get: () => run } }, 'chat'));
    expect(stopped.others.map(({ label }) => label)).toEqual(['Train again', 'Continue from step 3']);
    const removed = situationOf(appOf({ training, runs: { removed: () => run } }, 'chat'));
    expect(removed.others.map(({ name }) => name)).toEqual(['start']);
    expect(`${removed.title} ${removed.body}`).not.toMatch(/is saved/);
    expect(removed.body).toMatch(/removed/);
  });

  it('calls nothing of a failed run saved once it is removed', () => {
    const training = { phase: 'failed', checkpointStep: 3, run: 'a-run' };
    const { body } = situationOf(appOf({ training, runs: { removed: () => listedRun() } }));
    expect(body).toBe('Nothing had been saved yet.');
  });

  it('calls no step safe of a run that was interrupted before its first checkpoint', () => {
    const unfinished = runRecord({ checkpointStep: 0 });
    const { body, next } = situationOf(appOf({ runs: { unfinished } }));
    expect(body).toMatch(/No step was saved/);
    expect(next?.label).toBe('Train it from the start');
  });

  it('says that the GPU is made ready before the first step', () => {
    const training = { phase: 'preparing', active: true };
    expect(situationOf(appOf({ training })).body).toMatch(/made ready/);
  });

  it('carries out what its buttons say', () => {
    const done: unknown[] = [];
    const start = () => done.push('start');
    const app = appOf({ training: { phase: 'finished' }, start }, 'chat');
    app.route.go = (place) => done.push(place);
    const { next, others } = situationOf(app);
    next?.press();
    others[0]?.press();
    const run = runRecord();
    const continueRun = (continued: unknown) => done.push(continued);
    situationOf(appOf({ runs: { unfinished: run }, continueRun })).next?.press();
    expect(done).toEqual(['export', 'start', run]);
  });

  it('tells how far the training is, and how long it still takes while it runs', () => {
    expect(situationOf(appOf({ training: running })).progress).toEqual({ fraction: 0.4, etaSeconds: 1 });
    const paused = { ...running, phase: 'paused', secondsLeft: undefined };
    expect(situationOf(appOf({ training: paused })).progress).toEqual({
      fraction: 0.4,
      etaSeconds: undefined,
    });
  });
});

describe('the state of each step', () => {
  it('is told in a tone and in words', () => {
    const statuses = stepStatuses(
      appOf({ training: running, exports: { adapter: {} }, runs: { list: [runRecord()] } }),
    );
    expect(Object.fromEntries(Object.entries(statuses).map(([step, { tone }]) => [step, tone]))).toEqual({
      model: 'done',
      examples: 'done',
      train: 'busy',
      chat: 'done',
      export: 'done',
      runs: 'done',
    });
    expect(statuses.train.words).toBe('4 of 10');
    expect(statuses.runs.words).toBe('1 run');
  });

  it('is another while the run is paused than while it trains', () => {
    const training = { ...running, phase: 'paused' };
    expect(stepStatuses(appOf({ training })).train).toEqual({ tone: 'paused', words: 'paused' });
  });

  it('tells that a past run’s model is being opened', () => {
    const model = { report: undefined };
    expect(stepStatuses(appOf({ model })).model.words).toBe('waiting');
    expect(stepStatuses(appOf({ model, reopening: { busy: true } })).model).toEqual({
      tone: 'busy',
      words: 'opening…',
    });
  });

  it('asks for another run once other examples are chosen', () => {
    const training = { phase: 'finished', plan: { fits: true }, checkpointStep: 9 };
    const changed = { examples: { own: true, changed: true, report: { examples: 3, placeholders: [] } } };
    expect(stepStatuses(appOf({ training })).train.words).toBe('done');
    expect(stepStatuses(appOf({ training, ...changed })).train.words).toBe('ready');
    expect(situationOf(appOf({ training })).kind).toBe('ended');
    expect(situationOf(appOf({ training, ...changed }))).toMatchObject({
      kind: 'start',
      next: { name: 'start' },
    });
  });

  it('asks for a look where something is wrong', () => {
    const wrong = { error: { code: 'unexpected_error' } };
    const statuses = stepStatuses(
      appOf({
        model: wrong,
        examples: wrong,
        runs: wrong,
        exports: { exportError: {} },
        training: { plan: { fits: false } },
        chat: { settings: { valid: false } },
      }),
    );
    for (const step of ['model', 'examples', 'train', 'chat', 'export', 'runs'] as const) {
      expect(statuses[step].tone, step).toBe('problem');
    }
  });
});

describe('the end of a run', () => {
  it('is told calmly if the loss did not fall', () => {
    const body = (improved?: boolean) =>
      situationOf(appOf({ training: { phase: 'finished', improved } }, 'train')).body;
    expect(body(false)).toContain('did not fall');
    expect(body(true)).not.toContain('did not fall');
    expect(body()).toBe(body(true));
  });
});

describe('a model that can not be looked at', () => {
  const candidate = { source: {}, name: 'gone', error: { code: 'unexpected_error' } };

  it('leaves the open one in its place on the other steps', () => {
    const ended = { candidate, training: { phase: 'finished', plan: { fits: true } } };
    expect(situationOf(appOf(ended, 'chat')).kind).toBe('ended');
    expect(situationOf(appOf(ended, 'model'))).toMatchObject({ kind: 'candidate', title: 'gone' });
    expect(stepStatuses(appOf(ended)).model.tone).toBe('done');
  });

  it('is the problem if no model is open', () => {
    const none = { candidate, model: { report: undefined } };
    expect(situationOf(appOf(none, 'chat')).kind).toBe('candidate');
    expect(stepStatuses(appOf(none)).model.tone).toBe('problem');
  });
});

describe('the state of the examples', () => {
  it('is a warning while a file of them can not be used', () => {
    const examples = { report: { examples: 9, placeholders: [] }, unusable: ['wrong.png'] };
    expect(stepStatuses(appOf({ examples })).examples).toEqual({ tone: 'look', words: '1 file not used' });
  });

  const placeholders = [{ name: 'name', records: 3 }];

  it('is a warning while placeholders are not filled', () => {
    const examples = { report: { examples: 9, placeholders } };
    expect(stepStatuses(appOf({ examples })).examples).toEqual({ tone: 'look', words: '1 placeholder left' });
    const settings = { values: { placeholders: { name: 'Ada' } } };
    expect(stepStatuses(appOf({ examples, settings })).examples.tone).toBe('done');
  });
});

describe('the title of the tab', () => {
  it.each<[string, Parts, Place]>([
    ['Tunesmith', {}, 'start'],
    ['Past runs – Tunesmith', {}, 'runs'],
    ['40% · Training – Tunesmith', { training: running }, 'chat'],
    ['Preparing – Tunesmith', { training: { phase: 'preparing', active: true, fraction: 0.97 } }, 'train'],
    ['40% · Paused – Tunesmith', { training: { ...running, phase: 'paused' } }, 'train'],
    [
      '25% · Writing rows – Tunesmith',
      { more: { doing: 'model', progress: { done: 1, all: 4 } } },
      'examples',
    ],
    ['25% · Exporting – Tunesmith', { exports: { exporting: true, progress: { fraction: 0.25 } } }, 'export'],
    ['Preparing – Tunesmith', { model: { busyLong: true } }, 'model'],
    ['Done – Tunesmith', { news: { outcome: 'done' } }, 'train'],
    ['The training stopped – Tunesmith', { news: { outcome: 'failed' } }, 'chat'],
  ])('is "%s"', (title, parts, place) => {
    expect(titleOf(appOf(parts, place))).toBe(title);
  });
});

describe('the news of the end', () => {
  let shown: { readonly title: string; readonly body: string | undefined }[];
  beforeEach(() => {
    shown = [];
    stubLocalStorage();
    vi.stubGlobal('document', { hidden: true });
  });
  afterEach(() => vi.unstubAllGlobals());

  function browser(permission: NotificationPermission, answer = permission) {
    const request = vi.fn(() => Promise.resolve(answer));
    class Shown {
      onclick: unknown;
      constructor(title: string, { body }: NotificationOptions) {
        shown.push({ title, body });
      }
    }
    vi.stubGlobal('Notification', Object.assign(Shown, { permission, requestPermission: request }));
    return request;
  }

  it('is never a notification before the visitor asked for one', async () => {
    const request = browser('granted');
    const news = new NewsState();
    await news.tell('done', 'Done.', 'It has learned.');
    expect(news).toMatchObject({ outcome: 'done', on: false });
    expect(shown).toEqual([]);
    expect(request).not.toHaveBeenCalled();
    news.seen();
    expect(news.outcome).toBeUndefined();
  });

  it('is a notification if the visitor asked for it, allowed it and looks elsewhere', async () => {
    browser('default', 'granted');
    const news = new NewsState();
    await news.toggle();
    expect(news.on).toBe(true);
    await news.tell('done', 'Done.', 'It has learned.');
    expect(shown).toEqual([{ title: 'Done.', body: 'It has learned.' }]);
    news.seen();
    vi.stubGlobal('document', { hidden: false });
    await news.tell('done', 'Done again.', '');
    expect(shown).toHaveLength(1);
    // Nor does the title tell who has just seen it.
    expect(news.outcome).toBeUndefined();
    await news.toggle();
    expect(news.on).toBe(false);
  });

  it('remembers the wish over a reload, and bears a refusal', async () => {
    browser('granted');
    await new NewsState().toggle();
    expect(new NewsState().on).toBe(true);
    browser('default', 'denied');
    const refused = new NewsState();
    await refused.toggle();
    expect(refused).toMatchObject({ on: false, possible: false });
  });

  it('goes through a service worker where pages may not notify by themselves', async () => {
    browser('granted');
    const showNotification = vi.fn(() => Promise.resolve());
    vi.stubGlobal('navigator', {
      serviceWorker: { getRegistration: () => Promise.resolve({ showNotification }) },
    });
    const news = new NewsState();
    await news.toggle();
    vi.stubGlobal('Notification', function () {
      throw new TypeError('Illegal constructor');
    });
    await news.tell('failed', 'It stopped.', 'The device was lost.');
    expect(showNotification).toHaveBeenCalledWith(
      'It stopped.',
      expect.objectContaining({ body: 'The device was lost.' }),
    );
  });
});

describe('the taste of the demo', () => {
  it('is the first of its examples, without what cannot be read as one', async () => {
    const rows = [
      '{"instruction": "Who?", "output": "Arr!"}',
      '{"text": "Arr!"}',
      '{"instruction": "?", "output": "!"}',
    ];
    const demo = () =>
      Promise.resolve({ name: 'pirate.jsonl', content: new Blob([rows.join('\n'), '\n{}']) });
    const taste = new Taste();
    await taste.load({ examples: { demo } } as unknown as Pick<RemoteEngine, 'examples'>);
    expect(taste.rows).toEqual([
      { instruction: 'Who?', output: 'Arr!' },
      { instruction: '?', output: '!' },
    ]);
  });
});
