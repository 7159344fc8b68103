import { flushSync } from 'svelte';
import { beforeEach, expect, it, vi } from 'vitest';
import { message } from '../../src/core/messages/message';
import { language } from '../../src/ui/language.svelte';
import ChatSettings from '../../src/ui/chat/ChatSettings.svelte';
import ExportStep from '../../src/ui/export/ExportStep.svelte';
import UpdateBar from '../../src/ui/offline/UpdateBar.svelte';
import RunsPanel from '../../src/ui/runs/RunsPanel.svelte';
import Header from '../../src/ui/shell/Header.svelte';
import NotifyButton from '../../src/ui/shell/NotifyButton.svelte';
import { scrollable } from '../../src/ui/shared/scrollable';
import SizeAdvice from '../../src/ui/train/SizeAdvice.svelte';
import MainSettings from '../../src/ui/train/MainSettings.svelte';
import SamplePrompts from '../../src/ui/train/SamplePrompts.svelte';
import Samples from '../../src/ui/train/Samples.svelte';
import RenameRun from '../../src/ui/runs/RenameRun.svelte';
import OwnFiles from '../../src/ui/examples/files/OwnFiles.svelte';
import type { DataReport, PlanReport } from '../../src/worker/protocol';
import PlanView from '../../src/ui/train/PlanView.svelte';
import MemoryParts from '../../src/ui/shared/MemoryParts.svelte';
import { ANSWER_DEFAULTS } from '../../src/core/settings/settings';
import { adapterReport, listedRun, report, sampleEvent } from '../unit/ui/engine';
import { appOver, control, fill, press, show } from './page';

beforeEach(() => language.choose('en'));

it('the language is what the header says, at once and after a reload', () => {
  const shown = show(Header, appOver(), {});
  press(control(shown, 'input[name=language]', '中文'));
  expect(document.documentElement.lang).toBe('zh-Hans');
  expect(shown.textContent).toContain('浅色');
  press(control(shown, 'input[name=language]', 'English'));
  expect(language.current).toBe('en');
});

it('the colours are those that the header says', () => {
  const shown = show(Header, appOver(), {});
  press(control(shown, 'input[name=theme]', 'Dark'));
  expect(document.documentElement.dataset['theme']).toBe('dark');
  expect(appOver().theme.choice).toBe('dark');
});

it('the bell asks the browser and turns notifications on and off', async () => {
  const requestPermission = vi.fn(() => Promise.resolve('granted'));
  vi.stubGlobal('Notification', Object.assign(vi.fn(), { permission: 'default', requestPermission }));
  const app = appOver();
  const shown = show(NotifyButton, app, {});
  press(control(shown, 'button'));
  await vi.waitFor(() => expect(app.news.on).toBe(true));
  flushSync();
  expect(control(shown, 'button').ariaPressed ?? control(shown, 'button').getAttribute('aria-pressed')).toBe(
    'true',
  );
  press(control(shown, 'button'));
  expect(app.news.on).toBe(false);
});

it('past runs are found by words and sorted as chosen, also after a reload', () => {
  const app = appOver();
  app.runs.list = [
    listedRun({ id: 'b', name: 'Bard', loss: 2, startedAt: '2026-01-02T00:00:00.000Z' }),
    listedRun({ id: 'a', name: 'Admiral', loss: 1, startedAt: '2026-01-01T00:00:00.000Z' }),
  ];
  const shown = show(RunsPanel, app, {});
  const names = () => [...shown.querySelectorAll('[data-testid=run] strong')].map((name) => name.textContent);
  expect(names()).toEqual(['Bard', 'Admiral']);
  fill(control(shown, 'select', 'Sort by'), 'name');
  expect(names()).toEqual(['Admiral', 'Bard']);
  expect(appOver().finder.sort).toBe('name');
  fill(control(shown, 'input[type=search]'), 'bar');
  expect(names()).toEqual(['Bard']);
  press(control(shown, 'input[type=checkbox]'));
  expect(app.compare.chosen).toEqual(['b']);
});

it('a run gets tags and notes in its place, is found by a tag, and its curves are downloaded', async () => {
  const annotate = vi.fn(() => Promise.resolve());
  const logs = vi.fn(() => Promise.resolve({ name: 'a-run-logs.zip', content: new Blob(['zip']) }));
  const list = [listedRun({ tags: ['old'], loss: 1 }), listedRun({ id: 'b', modelName: 'other' })];
  const runs = { annotate, logs, list: () => Promise.resolve(list), unreadable: () => Promise.resolve([]) };
  const app = appOver({ runs });
  await app.runs.refresh();
  const saved = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockReturnValue();
  const shown = show(RunsPanel, app, {});
  const choose = async (item: string) => {
    const [more] = shown.querySelectorAll('[aria-label^="More for"]');
    more!.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, button: 0, pointerType: 'mouse' }));
    flushSync();
    const entry = control(document, '[role="menuitem"]', item);
    entry.click();
    await vi.waitFor(() => expect(document.querySelector('[role="menuitem"]')).toBeNull());
    flushSync();
  };
  await choose('Download the curves');
  await vi.waitFor(() => expect(saved).toHaveBeenCalledOnce());
  expect(logs).toHaveBeenCalledWith('a-run');

  await choose('Tags and notes');
  const form = control(shown, 'form');
  fill(control(form, 'input'), 'old,new');
  fill(control(form, 'textarea'), 'Too short.');
  form.dispatchEvent(new SubmitEvent('submit', { cancelable: true }));
  expect(annotate).toHaveBeenCalledWith('a-run', { tags: ['old', 'new'], notes: 'Too short.' });
  await vi.waitFor(() => expect(shown.querySelector('form')).toBeNull());

  const rows = () => shown.querySelectorAll('[data-testid=run]').length;
  press(control(shown, '.tag', 'old'));
  expect([rows(), app.finder.tag]).toEqual([1, 'old']);
  press(control(shown, '.tag', 'old'));
  fill(control(shown, 'select', 'All models'), 'other');
  expect([rows(), app.finder.model]).toEqual([1, 'other']);
});

it('a run is renamed from its present name with Enter', async () => {
  const rename = vi.fn(() => Promise.resolve());
  const app = appOver({ runs: { rename } });
  const onclose = vi.fn();
  show(RenameRun, app, { run: listedRun({ id: 'b', name: 'Bard' }), onclose });
  const field = document.querySelector<HTMLInputElement>('[role=dialog] input')!;
  await vi.waitFor(() => expect(document.activeElement).toBe(field));
  expect([field.value, field.selectionStart, field.selectionEnd]).toEqual(['Bard', 0, 4]);
  fill(field, 'Shanty');
  field.form!.requestSubmit();
  await vi.waitFor(() => expect(rename).toHaveBeenCalledWith('b', 'Shanty'));
  expect(onclose).toHaveBeenCalledOnce();
});

it('pasted text that can not be used stays in its field beside the reason, and can be given up', () => {
  const app = appOver();
  app.examples.chooseOwn();
  const shown = show(OwnFiles, app, {});
  press(control(shown, 'button', 'Paste text'));
  fill(shown.querySelector('textarea'), 'prose');
  press(control(shown, 'button', 'Use this text'));
  const [{ name: file } = { name: '' }] = app.examples.files;
  const problems = [
    { file, code: 'format_unknown', reason: message('file_unknown'), count: 1, places: [{}] },
  ];
  app.examples.report = {
    examples: 0,
    files: [],
    sources: [{ name: file }],
    problems,
  } as unknown as DataReport;
  flushSync();
  expect(shown.querySelector('textarea')?.value).toBe('prose');
  expect(shown.querySelector('[data-testid=paste-problem]')?.textContent).toContain('not a JSON list');
  expect(shown.querySelector('li')?.textContent).toContain('nothing in it can be used');
  press(control(shown, 'button', 'Cancel'));
  expect(shown.querySelector('textarea')).toBeNull();
  expect(app.examples.files).toEqual([]);
});

it('a preset, a main setting and the beginning from the open adapter are what the next run gets', () => {
  const app = appOver();
  app.exports.adapter = adapterReport();
  const shown = show(MainSettings, app, {});
  const presets = [...shown.querySelectorAll<HTMLInputElement>('input[name=preset]')];
  const chosen = presets.find(({ checked }) => !checked)!;
  press(chosen);
  expect(app.settings.preset).toBeDefined();
  expect(chosen.checked).toBe(true);
  fill(control(shown, 'input[type=text]', 'learning_rate'), '3e-4');
  expect(app.settings.values?.learning_rate).toBe(3e-4);
  press(control(shown, 'button', 'adapter'));
  expect(app.initialAdapter).toEqual(adapterReport());
  press(control(shown, 'button', 'All settings'));
  expect(app.settingsOpen).toBe(true);
});

it('the step of the training says that a model of the hub is open with other settings, and reopens it', async () => {
  const app = appOver({ models: { open: () => Promise.resolve(report()) } });
  app.model.choose({ kind: 'hub', repo: 'ships/tiny' }, 'ships/tiny');
  await app.model.open(app.settings.quantization);
  const shown = show(MainSettings, app, {});
  expect(shown.querySelector('[data-testid=reopen]')).toBeNull();
  app.settings.set('load_in_4bit', false);
  flushSync();
  expect(app.model.isOpen(app.settings.quantization)).toBe(true);
  press(control(shown, '[data-testid=reopen] button'));
  expect(app.model.isOpen(app.settings.quantization)).toBe(false);
});

it('sample prompts are edited, added, taken out and switched off', () => {
  const app = appOver();
  app.settings.set('sample_prompts', ['Who?', 'Why?']);
  const shown = show(SamplePrompts, app, {});
  const asked = () => app.settings.values?.sample_prompts;
  fill(shown.querySelector('textarea'), 'Who are you?');
  expect(asked()).toEqual(['Who are you?', 'Why?']);
  press(control(shown, 'button', 'Add'));
  fill([...shown.querySelectorAll('textarea')].at(-1) ?? null, 'How?');
  expect(asked()).toEqual(['Who are you?', 'Why?', 'How?']);
  press([...shown.querySelectorAll<HTMLElement>('li button')][1]!);
  expect(asked()).toEqual(['Who are you?', 'How?']);
  press(control(shown, '[role=switch]'));
  expect(asked()).toEqual([]);
  press(control(shown, '[role=switch]'));
  expect(asked()).toEqual(['Who are you?', 'How?']);
});

it('the slider shows the answers of its step', () => {
  const samples = [sampleEvent(0, 'I am.'), sampleEvent(5, 'Arr.'), sampleEvent(9, 'Arr, matey!')];
  const shown = show(Samples, appOver(), { samples });
  const now = () => shown.querySelector('[data-testid=sample-now]')?.textContent;
  expect(now()).toBe('Arr, matey!');
  fill(shown.querySelector('input[type=range]'), '1');
  expect(now()).toBe('Arr.');
});

it('the format and the options of an export reach the engine, also in another language, and its result is theirs', async () => {
  const option = {
    name: 'export_dtype',
    choices: ['float16', 'float32'],
    default: 'float16',
    help: 'Numbers',
  };
  const offer = (format: string) => ({
    format,
    bytes: 10,
    options: [option],
    fileName: `${format}.zip`,
    files: [],
  });
  const offers = vi.fn(() => Promise.resolve([offer('peft'), offer('merged')]));
  const check = { checked: [{ code: 'checked_exactly' }], difference: 0, allowed: 0 };
  const run = vi.fn(() => Promise.resolve({ format: 'merged', files: [], check, fileName: 'merged.zip' }));
  const app = appOver({
    adapter: { report: () => Promise.resolve(adapterReport()), offers, export: run },
  });
  await app.exports.refresh();
  const shown = show(ExportStep, app, {});
  const settings = app.settings.values;
  expect(offers).toHaveBeenCalledOnce();
  press(control(shown, 'input[value=merged]'));
  fill(control(shown, 'select'), 'float32');
  await vi.waitFor(() =>
    expect(offers).toHaveBeenLastCalledWith({ merged: { export_dtype: 'float32' } }, 'en'),
  );
  language.choose('zh');
  flushSync();
  expect(offers).toHaveBeenLastCalledWith({ merged: { export_dtype: 'float32' } }, 'zh');
  expect(offers).toHaveBeenCalledTimes(3);
  await app.exports.export();
  const options = { export_dtype: 'float32' };
  const watch = expect.any(Function) as unknown;
  expect(run).toHaveBeenCalledWith('merged', options, 'zh', watch, undefined, settings, false);
  flushSync();
  expect(shown.querySelector('[data-testid=export-check]')?.textContent).toContain('已校验');
  fill(control(shown, 'select'), 'float16');
  expect(shown.querySelector('[data-testid=export-check]')).toBeNull();
});

it("the chat's system prompt and settings are changed, explained if wrong, and reset", () => {
  const app = appOver();
  const shown = show(ChatSettings, app, { onclose: vi.fn() });
  fill(shown.querySelector('textarea'), 'Be brief.');
  expect(app.chat.system.text).toBe('Be brief.');
  fill(control(shown, 'input[type=text]', 'temperature'), '0.25');
  expect(app.chat.settings.values?.temperature).toBe(0.25);
  fill(control(shown, 'input[type=text]', 'temperature'), '-1');
  expect(shown.querySelector('.problem')?.textContent).not.toBe('');
  press(control(shown, 'button', 'Back to the defaults'));
  expect(app.chat).toMatchObject({ system: { text: '' }, settings: { changed: 0 } });
});

it('settings of answers that are hardly meant so have a line that says what they do', () => {
  const app = appOver();
  app.chat.settings.begin(ANSWER_DEFAULTS);
  app.model.report = report({ maxPositions: 512 });
  const shown = show(ChatSettings, app, { onclose: vi.fn() });
  const notes = () => [...shown.querySelectorAll('.note')].map((note) => note.textContent);
  expect(notes()).toEqual([]);
  fill(control(shown, 'input[type=text]', 'temperature'), '9');
  fill(control(shown, 'input[type=text]', 'max_new_tokens'), '99999');
  expect(notes()).toEqual([expect.stringContaining('nearly random'), expect.stringContaining('512 tokens')]);
});

it('parts of the memory have colours of their own', () => {
  const purposes = ['base', 'adapter', 'gradients', 'moments', 'activations', 'inputs', 'cache', 'chat'];
  const memory = Object.fromEntries(purposes.map((purpose) => [purpose, 1]));
  const shown = show(MemoryParts, appOver(), { memory, total: purposes.length, part: 'bar' });
  const colours = [...shown.querySelectorAll('span')].map((part) => part.getAttribute('style'));
  expect(new Set(colours).size).toBe(purposes.length);
});

it('advice on the size of a run has a button for the settings that it proposes', () => {
  const app = appOver();
  const changes = { warmup_steps: 0.1, warmup_ratio: null };
  const advice = [{ message: message('advice_warmup', { warmup: 9, steps: 9 }), changes }];
  const shown = show(SizeAdvice, app, { advice, disabled: false });
  expect(shown.textContent).toContain('The warm-up of 9 steps is as long as the run of 9');
  press(control(shown, 'button', 'warmup_steps = 0.1'));
  expect(app.settings.values).toMatchObject(changes);
});

it('long evaluations are taken out of a run with one button', () => {
  const app = appOver();
  const evaluation = { seconds: 7200, evalSteps: 0 };
  const plan = {
    fits: true,
    advice: [],
    memory: {},
    memoryTotal: 1,
    steps: 9,
    sizeAdvice: [],
    evaluation,
  } as unknown;
  const shown = show(PlanView, app, { plan: plan as PlanReport, problem: false });
  expect(shown.querySelector('[data-testid=long-evaluation]')?.textContent).toContain('2 h');
  press(control(shown, 'button', 'eval_steps = 0'));
  expect(app.settings.values?.eval_steps).toBe(0);
});

it('an update waits until a reload cuts off nothing, and can be put off', () => {
  const app = appOver();
  const shown = show(UpdateBar, app, {});
  app.update.ready = true;
  app.exports.exporting = true;
  flushSync();
  expect(shown.querySelector('button')).toBeNull();
  app.exports.exporting = false;
  app.chat.progress = { base: 'writing' };
  flushSync();
  expect(shown.querySelector('button')).toBeNull();
  app.chat.progress = {};
  flushSync();
  press(control(shown, 'button', 'Later'));
  expect(shown.querySelector('button')).toBeNull();
});

it('a keyboard reaches what scrolls, and only that', () => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe = vi.fn();
      disconnect = vi.fn();
    },
  );
  const element = document.createElement('div');
  scrollable('Tokens')(element);
  expect(element.hasAttribute('tabindex')).toBe(false);
  Object.defineProperty(element, 'scrollHeight', { value: 100 });
  scrollable('Tokens')(element);
  expect(element).toMatchObject({ tabIndex: 0 });
  expect([element.getAttribute('role'), element.getAttribute('aria-label')]).toEqual(['region', 'Tokens']);
});

it('cleans up the open adapter, shows the cost, and takes the former one back', async () => {
  let open = adapterReport({ id: 'former' });
  const reduction = {
    modules: [],
    parameters: { before: 1200, after: 300 },
    loss: { before: 1.25, after: 1.5, over: 'held_out' },
  };
  const reduceNoise = vi.fn(() => {
    open = adapterReport({ id: 'reduced' });
    return Promise.resolve(reduction);
  });
  const keepNoise = vi.fn(() => {
    open = adapterReport({ id: 'former' });
    return Promise.resolve();
  });
  const offers = () => Promise.resolve([]);
  const report = () => Promise.resolve(open);
  const app = appOver({ adapter: { report, offers, reduceNoise, keepNoise } });
  await app.exports.refresh();
  const shown = show(ExportStep, app, {});
  const buttonIn = () => control(shown, '[data-testid=noise] button');
  press(buttonIn());
  await vi.waitFor(() => expect(shown.querySelector('[data-testid=noise-facts]')).not.toBeNull());
  // No examples are open, so there are no settings of theirs.
  expect(reduceNoise).toHaveBeenCalledExactlyOnceWith(undefined, expect.any(Function));
  expect(shown.querySelector('[data-testid=noise-facts]')?.textContent).toMatch(
    /1\.2.*→.*300.*1\.25.*→.*1\.5/s,
  );
  press(buttonIn());
  await vi.waitFor(() => expect(keepNoise).toHaveBeenCalledOnce());
  await vi.waitFor(() => expect(app.exports.adapter?.id).toBe('former'));
  flushSync();
  expect(shown.querySelector('[data-testid=noise-facts]')).toBeNull();
  expect(buttonIn().textContent).toContain('Clean up');
});
