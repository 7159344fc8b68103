import { flushSync } from 'svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ANSWER_DEFAULTS } from '../../src/core/settings/settings';
import Composer from '../../src/ui/chat/Composer.svelte';
import ExportBar from '../../src/ui/chat/ExportBar.svelte';
import ExportDialog from '../../src/ui/chat/ExportDialog.svelte';
import type { ExportReport } from '../../src/worker/protocol';
import { adapterReport, report } from '../unit/ui/engine';
import { appOver, control, fill, press, show } from './page';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('the tokens are counted again as soon as another model answers', async () => {
  const count = vi.fn(() => Promise.resolve({ tokens: [3], room: 2048 }));
  const app = appOver({ chats: { count } });
  app.model.report = report({ name: 'one', repo: 'a/one' });
  app.exports.adapter = adapterReport();
  const shown = show(Composer, app, { onsend: vi.fn(), onsettings: vi.fn() });
  fill(shown.querySelector('textarea'), 'Who?');
  await vi.advanceTimersByTimeAsync(1000);
  expect(count).toHaveBeenCalledOnce();
  expect(shown.querySelector('[data-testid=chat-tokens]')?.textContent).toBe('3 of 2,048 tokens');
  count.mockResolvedValue({ tokens: [5], room: 512 });
  app.model.report = report({ name: 'two', repo: 'a/two' });
  flushSync();
  await vi.advanceTimersByTimeAsync(1000);
  flushSync();
  expect(shown.querySelector('[data-testid=chat-tokens]')?.textContent).toBe('5 of 512 tokens');
});

const EXPORT: ExportReport = {
  device: 'wasm',
  path: 'onnx/model_q4.onnx',
  paths: ['onnx/model_q4.onnx', 'onnx/model.onnx'],
  bytes: 1000,
  // Two notes of one kind.
  notes: [{ code: 'onnx_halves_on_processor' }, { code: 'onnx_halves_on_processor' }],
  answerDefaults: ANSWER_DEFAULTS,
  room: 512,
  program: undefined,
};

const FOLDER = { name: 'pirate-onnx', files: [], all: [] };

it('an open export shows where it runs, and another of its models or another device can be chosen', () => {
  const app = appOver();
  const change = vi.spyOn(app.onnx, 'change').mockResolvedValue();
  const shown = show(ExportBar, app, {});
  expect(shown.textContent.trim()).toBe('');
  app.onnx.name = 'pirate-onnx';
  app.onnx.picked = { from: FOLDER, path: EXPORT.path, paths: EXPORT.paths };
  app.onnx.report = EXPORT;
  flushSync();
  expect(shown.textContent).toContain('pirate-onnx');
  expect(shown.textContent).toContain('on the processor');
  expect(shown.textContent).toContain('can’t compute with them');
  fill(control(shown, 'select', 'Model in the export'), 'onnx/model.onnx');
  expect(change).toHaveBeenLastCalledWith({ path: 'onnx/model.onnx' });
  fill(control(shown, 'select', 'Device for the export'), 'webgpu');
  expect(change).toHaveBeenLastCalledWith({ device: 'webgpu' });
  press(control(shown, 'button', 'Close the export'));
  expect(app.onnx.report).toBeUndefined();
});

it.each([ExportBar, ExportDialog])(
  'an export that a device refuses can be opened on another one: %#',
  (component) => {
    const app = appOver();
    const change = vi.spyOn(app.onnx, 'change').mockResolvedValue();
    app.onnx.asking = component === ExportDialog;
    app.onnx.name = 'pirate-onnx';
    app.onnx.wanted = 'webgpu';
    app.onnx.picked = { from: FOLDER, path: undefined, paths: [] };
    app.onnx.error = { code: 'export_worker_failed', values: {}, detail: '' };
    show(component, app, {});
    fill(control(document, 'select', 'Device for the export'), 'wasm');
    expect(change).toHaveBeenLastCalledWith({ device: 'wasm' });
  },
);
