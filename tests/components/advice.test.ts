import { flushSync } from 'svelte';
import { expect, it, vi } from 'vitest';
import { DEFAULTS, type TrainSettings } from '../../src/core/settings/settings';
import type { App } from '../../src/ui/app.svelte';
import DeviceNote from '../../src/ui/device/DeviceNote.svelte';
import CutNote from '../../src/ui/examples/CutNote.svelte';
import Placeholders from '../../src/ui/examples/Placeholders.svelte';
import { t } from '../../src/ui/language.svelte';
import Advice from '../../src/ui/shared/Advice.svelte';
import { runRecord } from '../unit/ui/engine';
import { appOver, control, fill, press, show } from './page';

const start = vi.fn<(settings: TrainSettings) => Promise<unknown>>();

function app(): App {
  start.mockReset().mockResolvedValue(runRecord({ state: 'finished' }));
  return appOver({ runs: { start } });
}

/** The settings with which the engine begins a run now. */
async function reached({ training, settings }: App): Promise<TrainSettings> {
  await training.start(settings.values ?? DEFAULTS, 'new');
  return start.mock.lastCall![0];
}

it.each<[Partial<TrainSettings>]>([
  [{ dtype: 'float16' }],
  [{ max_seq_length: 256 }],
  [{ per_device_train_batch_size: 1, gradient_accumulation_steps: 16 }],
  [{ gradient_checkpointing: true, load_in_4bit: false }],
])('advice to set %o does so when it is pressed, down to the engine', async (changes) => {
  const page = app();
  const advice = [{ kind: 'change', changes, memoryTotal: 1e9, single: true } as const];
  const shown = show(Advice, page, { advice, disabled: false });
  expect(await reached(page)).toEqual(DEFAULTS);
  press(control(shown, 'button'));
  expect(await reached(page)).toEqual({ ...DEFAULTS, ...changes });
});

it('advice that no setting follows has no button, and none can be pressed while a run uses the settings', () => {
  const page = app();
  const advice = [
    { kind: 'change', changes: { r: 4 }, memoryTotal: 1e9, single: true },
    { kind: 'smaller_model', memoryTotal: 2e9 },
  ] as const;
  const shown = show(Advice, page, { advice, disabled: true });
  press(control(shown, 'button'));
  expect(page.settings.values).toEqual(DEFAULTS);
});

const cut = { examples: 992, truncated: 693, cutAt: 512, cutBy: 'setting' };

it('the button beside cut examples sets the length that keeps them whole', async () => {
  const page = app();
  page.training.plan = { longer: { max_seq_length: 1024, cut: 3 } } as never;
  const shown = show(CutNote, page, { report: cut as never });
  press(control(shown, 'button', 'max_seq_length = 1024'));
  expect(await reached(page)).toEqual({ ...DEFAULTS, max_seq_length: 1024 });
});

it.each([
  ['setting', 'max_seq_length = 512'],
  ['model', 'this model reads at most 512 tokens'],
])('the note on cut examples says that the %s cuts them', (cutBy, words) => {
  const shown = show(CutNote, app(), { report: { ...cut, cutBy } as never });
  expect(shown.textContent).toContain(words);
});

it('a placeholder is filled by its field, and taken back by one button', async () => {
  const page = app();
  const found = [
    { name: 'name', records: 90 },
    { name: 'author', records: 80 },
  ];
  const shown = show(Placeholders, page, { found });
  fill(control(shown, 'input', '{{name}}'), ' Ada ');
  fill(control(shown, 'input', '{{author}}'), 'Grace');
  expect((await reached(page)).placeholders).toEqual({ author: 'Grace', name: 'Ada' });
  press(control(shown, 'button'));
  expect(await reached(page)).toEqual(DEFAULTS);
});

it('a page without WebGPU says why and what to do, and leaves room to whoever chats with an export', () => {
  const page = appOver();
  const problem = { code: 'webgpu_missing', message: '', values: {} } as const;
  page.engine.device = { kind: 'none', problem } as unknown as App['engine']['device'];
  const note = show(DeviceNote, page, {});
  expect(note.querySelector('details')?.open).toBe(true);
  expect(control(note, 'button', t.chat.openExport)).toBeTruthy();
  page.onnx.report = { paths: [], answerDefaults: {} } as unknown as App['onnx']['report'];
  flushSync();
  expect(note.querySelector('details')?.open).toBe(false);
  expect(control(note, 'summary').textContent).toContain('This browser has no WebGPU');
  expect(note.querySelector('button')).toBeNull();
});
