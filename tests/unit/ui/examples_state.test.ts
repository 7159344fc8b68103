import 'fake-indexeddb/auto';
import { clear, get, keys, set } from 'idb-keyval';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { message } from '../../../src/core/messages/message';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { ExamplesState } from '../../../src/ui/examples/examples.svelte';
import { KeptFiles } from '../../../src/ui/examples/files/kept_files';
import type { DataReport, PreviewExample, Progress } from '../../../src/worker/protocol';
import { deferred, engineOf, newTab, stubLocalStorage } from './engine';

const rows = (examples: number, files: readonly string[] = [], others: readonly string[] = []) =>
  ({ examples, files, sources: [...files, ...others].map((name) => ({ name })) }) as unknown as DataReport;
const file = (name: string, text = name) => new File([text], name);

function examples() {
  const remote = {
    demo: vi.fn(() => Promise.resolve({ name: 'pirate.jsonl', content: new Blob(['{}']) })),
    set: vi.fn<(...given: unknown[]) => Promise<DataReport>>(() => Promise.resolve(rows(7))),
    preview: vi.fn((first: number): Promise<readonly PreviewExample[]> => {
      return Promise.resolve([{ number: first } as unknown as PreviewExample]);
    }),
    stop: vi.fn(() => Promise.resolve()),
  };
  return { state: new ExamplesState(engineOf({ examples: remote })), remote };
}

beforeEach(async () => {
  await clear();
  stubLocalStorage();
  newTab();
});
afterEach(() => vi.unstubAllGlobals());

describe('the examples of the page', () => {
  it('are the demo’s, then the visitor’s own, each handed over as wanted', async () => {
    const { state, remote } = examples();
    expect(await state.load(DEFAULTS)).toBe(true);
    expect(remote.set.mock.calls[0]?.[0]).toMatchObject([{ name: 'pirate.jsonl' }]);
    expect(state.changed).toBe(false);
    state.chooseOwn();
    expect(state).toMatchObject({ empty: true, changed: true });
    expect(await state.load(DEFAULTS)).toBe(false);
    expect(remote.set).toHaveBeenCalledTimes(1);
    const { revision } = state;
    await state.add([file('a.jsonl')]);
    expect(state.revision).toBeGreaterThan(revision);
    expect(await state.load(DEFAULTS)).toBe(true);
    expect(remote.set.mock.calls[1]?.[0]).toMatchObject([{ name: 'a.jsonl' }]);
  });

  it('are the visitor’s own once a row is changed, with the changes as a file, and keep their report', async () => {
    const { state, remote } = examples();
    await state.load(DEFAULTS);
    const { revision } = state;
    state.edits.change({ file: 'pirate.jsonl', record: 1 }, { exclude: true });
    await vi.waitFor(() => expect(state.own).toBe(true));
    expect(state.files.map(({ name }) => name)).toEqual(['pirate.jsonl', 'changes.jsonl']);
    expect(state.sources.map(({ name }) => name)).toEqual(['pirate.jsonl']);
    expect(state.report).toEqual(rows(7));
    expect(state.revision).toBeGreaterThan(revision);
    await state.load(DEFAULTS);
    expect(remote.set.mock.lastCall?.[0]).toHaveLength(2);
    state.edits.undo();
    await vi.waitFor(() => expect(state.files).toHaveLength(1));
    // The demo's changes are not those of the next files.
    state.edits.redo();
    state.chooseDemo();
    await vi.waitFor(() => expect(state.edits.edits.records).toEqual([]));
  });

  it('can be put back after a row of the demo was changed instead', async () => {
    const { state } = examples();
    await state.add([file('mine.jsonl')]);
    state.chooseDemo();
    state.edits.change({ file: 'pirate.jsonl', record: 1 }, { exclude: true });
    await vi.waitFor(() => expect(state.own).toBe(true));
    expect(state.replaced?.map(({ name }) => name)).toEqual(['mine.jsonl']);
    state.putBack();
    expect(state.files.map(({ name }) => name)).toEqual(['mine.jsonl']);
    await vi.waitFor(() => expect(state.edits.edits.records).toEqual([]));
  });

  it('are added beside changes made meanwhile, and only edits have the name of the file of edits', async () => {
    const { state } = examples();
    await state.add([file('a.jsonl'), file('changes.jsonl', '{"text":"a book"}')]);
    expect(state.sources.map(({ name }) => name)).toEqual(['a.jsonl', 'changes (2).jsonl']);
    const added = state.add([file('a.jsonl', 'other')]);
    state.edits.change({ file: 'a.jsonl', record: 1 }, { exclude: true });
    await vi.waitFor(() => expect(state.files).toHaveLength(3));
    await added;
    expect(state.files.map(({ name }) => name).sort()).toEqual([
      'a (2).jsonl',
      'a.jsonl',
      'changes (2).jsonl',
      'changes.jsonl',
    ]);
    expect(state.edits).toMatchObject({ edits: { records: [{ record: 1 }] }, canUndo: true });
    const edits = await state.files.find(({ name }) => name === 'changes.jsonl')!.content.text();
    const other = examples().state;
    await other.add([file('my edits.jsonl', edits)]);
    expect(other.sources).toEqual([]);
    await vi.waitFor(() => expect(other.edits.edits.records).toHaveLength(1));
  });

  it('show nothing of the former files once others are chosen', async () => {
    const { state, remote } = examples();
    await state.load(DEFAULTS);
    expect(state.report).toEqual(rows(7));
    const reading = deferred<DataReport>();
    state.rows.total = 7;
    state.rows.opened = { report: { row: 0 } as never, index: 0 };
    remote.set.mockImplementationOnce(() => reading.promise);
    const loaded = state.load(DEFAULTS);
    await vi.waitFor(() => expect(remote.set).toHaveBeenCalledTimes(2));
    await state.add([file('a.jsonl')]);
    expect(state.rows).toMatchObject({ total: undefined, opened: undefined });
    expect(state).toMatchObject({ report: undefined, previews: [] });
    reading.resolve(rows(9));
    expect(await loaded).toBe(false);
    expect(state.report).toBeUndefined();
  });

  it('keep two files of one name apart, and take the same file once', async () => {
    const { state } = examples();
    await state.add([file('a.jsonl', 'one'), file('a.jsonl', 'two'), file('a.jsonl', 'one')]);
    await state.add([file('a.jsonl', 'two'), file('a.jsonl', '')]);
    expect(state.files.map(({ name }) => name)).toEqual(['a.jsonl', 'a (2).jsonl', 'a (3).jsonl']);
    state.remove('a (2).jsonl');
    await state.add([file('a.jsonl', 'four')]);
    expect(state.files.map(({ name }) => name)).toEqual(['a.jsonl', 'a (3).jsonl', 'a (2).jsonl']);
    const pasted = state.files.length;
    for (const text of ['{}', '[]']) {
      state.draft = undefined;
      state.write(text);
      state.paste();
    }
    expect(new Set(state.files.map(({ name }) => name)).size).toBe(pasted + 2);
  });

  it('are back after a reload, unless the visitor was quicker', async () => {
    const { state } = examples();
    await state.add([file('a.jsonl', 'one')]);
    await vi.waitFor(async () => expect(await keys()).toHaveLength(1));
    const reloaded = examples().state;
    await reloaded.restore();
    expect(reloaded).toMatchObject({ own: true, files: [{ name: 'a.jsonl' }] });
    const quick = examples().state;
    const restoring = quick.restore();
    await quick.add([file('b.jsonl')]);
    await restoring;
    expect(quick.files.map(({ name }) => name)).toEqual(['b.jsonl']);
  });

  it('are each tab’s own, whatever another tab chooses; a new tab begins with those chosen last', async () => {
    const afterReload = async () => {
      const { state } = examples();
      await state.restore();
      return state.own ? state.files.map(({ name }) => name) : 'demo';
    };
    expect(await afterReload()).toBe('demo');
    const first = newTab();
    await examples().state.add([file('identity.json')]);
    await vi.waitFor(async () => expect(await keys()).toHaveLength(1));
    const second = newTab();
    expect(await afterReload()).toEqual(['identity.json']);
    await examples().state.add([file('big.json')]);
    await vi.waitFor(async () => expect(await keys()).toHaveLength(2));
    first();
    expect(await afterReload()).toEqual(['identity.json']);
    examples().state.chooseDemo();
    second();
    expect(await afterReload()).toEqual(['big.json']);
    newTab();
    expect(await afterReload()).toBe('demo');
  });

  it('are stored once for each choice, and not for ever', async () => {
    const { state } = examples();
    for (let count = 1; count <= 45; count++) {
      await state.add([file(`${count}.jsonl`)]);
      state.chooseDemo();
      state.chooseOwn();
      await vi.waitFor(async () => expect(await keys()).toHaveLength(Math.min(count, 40)));
    }
    expect((await new KeptFiles().read())?.files).toHaveLength(45);
  });

  it('are not stored again when rows are edited, and come back with the edits', async () => {
    const { state } = examples();
    await state.add([file('a.jsonl')]);
    await vi.waitFor(async () => expect(await keys()).toHaveLength(1));
    const [first] = await keys();
    for (let record = 1; record <= 3; record++) {
      state.edits.change({ file: 'a.jsonl', record }, { exclude: true });
      await vi.waitFor(async () => expect(await keys()).toHaveLength(2));
    }
    expect(await keys()).toContain(first);
    const reloaded = examples().state;
    await vi.waitFor(async () => {
      await reloaded.restore();
      expect(reloaded.edits.edits.records).toHaveLength(3);
    });
    expect(reloaded.files.map(({ name }) => name)).toEqual(['a.jsonl', 'changes.jsonl']);
    reloaded.edits.reset();
    await vi.waitFor(() => expect(reloaded.files).toHaveLength(1));
    const again = examples().state;
    await again.restore();
    expect(again.files.map(({ name }) => name)).toEqual(['a.jsonl']);
  });

  it('are taken over from an older version of the page', async () => {
    await set('tunesmith.examples', [{ name: 'old.jsonl', content: new Blob(['{}']) }]);
    const { state } = examples();
    await state.restore();
    expect(state).toMatchObject({ own: true, files: [{ name: 'old.jsonl' }], lacksFiles: false });
    expect(await get('tunesmith.examples')).toBeUndefined();
    const reloaded = examples().state;
    await reloaded.restore();
    expect(reloaded.files).toMatchObject([{ name: 'old.jsonl' }]);
  });

  it('are missed after a reload only if they were chosen and too large to keep', async () => {
    const { state } = examples();
    await state.add([Object.defineProperty(file('huge.jsonl', 'two'), 'size', { value: 300_000_000 })]);
    expect(await keys()).toEqual([]);
    const reloaded = examples().state;
    await reloaded.restore();
    expect(reloaded).toMatchObject({ lacksFiles: true, own: true, empty: true });
    state.edits.add({ value: { text: 'added' } });
    await vi.waitFor(async () => expect(await keys()).toHaveLength(1));
    const withEdits = examples().state;
    await vi.waitFor(async () => {
      await withEdits.restore();
      expect(withEdits.edits.edits.added).toHaveLength(1);
    });
    expect(withEdits).toMatchObject({ lacksFiles: true, sources: [] });
    state.chooseDemo();
    const withDemo = examples().state;
    await withDemo.restore();
    expect(withDemo.lacksFiles).toBe(false);
  });

  it('are not kept if they are very large, and the page says so', async () => {
    const { state } = examples();
    await state.add([file('a.jsonl', 'one')]);
    await vi.waitFor(async () => expect(await keys()).toHaveLength(1));
    expect(state.tooLargeToKeep).toBe(false);
    await state.add([Object.defineProperty(file('huge.jsonl', 'two'), 'size', { value: 300_000_000 })]);
    expect(state.tooLargeToKeep).toBe(true);
    const reloaded = examples().state;
    await reloaded.restore();
    expect(reloaded).toMatchObject({ files: [], lacksFiles: true });
    state.remove('huge.jsonl');
    expect(state.tooLargeToKeep).toBe(false);
  });

  it('stop being read if others are wanted, or the visitor stops them', async () => {
    const { state, remote } = examples();
    const reading = deferred<DataReport>();
    remote.set.mockImplementationOnce((_files, _settings, onProgress) => {
      (onProgress as (progress: Progress) => void)({ label: message('examples_reading'), fraction: 0.5 });
      return reading.promise;
    });
    const over = state.load(DEFAULTS);
    await vi.waitFor(() => expect(state.progress?.fraction).toBe(0.5));
    state.chooseOwn();
    expect(remote.stop).toHaveBeenCalledTimes(1);
    reading.reject(new TunesmithError({ code: 'aborted' }));
    expect(await over).toBe(false);
    expect(state).toMatchObject({ stopped: true, error: undefined, busy: false, progress: undefined });
  });

  it('keep pasted text until it can be used, and say which files can not', async () => {
    const { state, remote } = examples();
    await state.add([file('good.jsonl')]);
    state.write('{"text": ');
    state.paste();
    const [, { name } = { name: '' }] = state.files;
    remote.set.mockResolvedValueOnce(rows(7, ['good.jsonl'], [name]));
    await state.load(DEFAULTS);
    expect(state).toMatchObject({ draft: { text: '{"text": ' }, unusable: [name] });
    state.write('{"text": "Arr"}');
    state.paste();
    expect(state.files.map((each) => each.name)).toEqual(['good.jsonl', name]);
    remote.set.mockResolvedValueOnce(rows(8, ['good.jsonl', name]));
    await state.load(DEFAULTS);
    expect(state).toMatchObject({ draft: undefined, unusable: [] });
    state.write('prose');
    state.paste();
    state.cancelPaste();
    expect(state.draft).toBeUndefined();
    expect(state.files).toHaveLength(2);
  });

  it('tell why they can’t be read, and show none then', async () => {
    const { state, remote } = examples();
    await state.load(DEFAULTS);
    expect(state.previews).toHaveLength(1);
    remote.set.mockRejectedValueOnce(
      new TunesmithError({ code: 'file_unreadable', values: { name: 'a.jsonl' } }),
    );
    expect(await state.load(DEFAULTS)).toBe(false);
    expect(state).toMatchObject({ report: undefined, previews: [], error: { code: 'file_unreadable' } });
    state.dismiss();
    expect(state).toMatchObject({ error: undefined, stopped: true });
  });

  it('are looked at a page at a time, the newest page that was asked for', async () => {
    const { state, remote } = examples();
    await state.load(DEFAULTS);
    const answers = [deferred<readonly PreviewExample[]>(), deferred<readonly PreviewExample[]>()];
    for (const { promise } of answers) remote.preview.mockReturnValueOnce(promise);
    const shown = [state.show(state.pageSize), state.show(2 * state.pageSize + 1)];
    answers[1]!.resolve([{ number: 2 } as unknown as PreviewExample]);
    answers[0]!.resolve([{ number: 1 } as unknown as PreviewExample]);
    await Promise.all(shown);
    expect(state.firstPreview).toBe(2 * state.pageSize);
    expect(state.previews).toEqual([{ number: 2 }]);
  });
});
