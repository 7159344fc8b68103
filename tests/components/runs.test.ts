import { flushSync } from 'svelte';
import { expect, it, vi } from 'vitest';
import { DEFAULTS } from '../../src/core/settings/settings';
import { t } from '../../src/ui/language.svelte';
import FormerNote from '../../src/ui/runs/FormerNote.svelte';
import RunsPanel from '../../src/ui/runs/RunsPanel.svelte';
import RunView from '../../src/ui/train/RunView.svelte';
import Samples from '../../src/ui/train/Samples.svelte';
import SamplePrompts from '../../src/ui/train/SamplePrompts.svelte';
import RunStatus from '../../src/ui/train/RunStatus.svelte';
import Start from '../../src/ui/shell/Start.svelte';
import SettingsLine from '../../src/ui/train/SettingsLine.svelte';
import ExportStep from '../../src/ui/export/ExportStep.svelte';
import { adapterReport, listedRun, runRecord, sampleEvent } from '../unit/ui/engine';
import type { FormatName } from '../../src/worker/protocol';
import { appOver, control, press, show } from './page';

/** A page that shows an ended run, with its adapter open. */
async function withRun() {
  const run = listedRun({ state: 'finished', checkpointStep: 10 });
  const runs = { list: () => Promise.resolve([run]), unreadable: () => Promise.resolve([]) };
  const app = appOver({ runs });
  await app.runs.refresh();
  app.training.display(runRecord({ state: 'finished', checkpointStep: 10 }));
  app.exports.adapter = adapterReport({ origin: run.id });
  const remove = async () => {
    runs.list = () => Promise.resolve([]);
    await app.runs.refresh();
    flushSync();
  };
  return { app, remove };
}

it('the settings beside an ended run are its own, whatever the form has by now', async () => {
  const { app } = await withRun();
  const line = show(SettingsLine, app, {});
  expect(line.textContent).toContain('1,024 tokens');
  app.settings.set('max_seq_length', 384);
  flushSync();
  expect(line.textContent).not.toContain('384');
});

it('an ended run answers no prompts only if its own settings say so, whatever the form has by now', () => {
  const app = appOver();
  const shown = show(RunView, app, {});
  const said = () => shown.querySelector('[data-testid="samples"]')?.textContent;
  app.training.display(runRecord());
  app.settings.set('sample_prompts', []);
  flushSync();
  expect(said()).not.toContain(t.train.samplesOff);
  app.training.display(runRecord({ settings: { ...DEFAULTS, sample_prompts: [] } }));
  app.settings.set('sample_prompts', 'examples');
  flushSync();
  expect(said()).toContain(t.train.samplesOff);
});

it('a run that is removed while its adapter is open is not called saved any more', async () => {
  const { app, remove } = await withRun();
  const status = show(RunStatus, app, {});
  const exporting = show(ExportStep, app, {});
  expect(status.textContent).toContain('Saved at step 10.');
  expect(exporting.textContent).not.toContain('removed');
  await remove();
  expect(status.textContent).not.toContain('Saved');
  for (const shown of [status, exporting]) {
    expect(shown.textContent).toContain('Only this page still has its adapter');
    expect(shown.textContent).not.toContain('a-run');
  }
});

it('exported ONNX files can be opened in the chat', async () => {
  const offered = { bytes: 10, options: [], files: [], notes: [] };
  const offers = () =>
    Promise.resolve(['gguf', 'onnx'].map((format) => ({ ...offered, format, fileName: `${format}.zip` })));
  const write = (format: FormatName) => {
    const check = { checked: [], difference: 0, allowed: 0 };
    return Promise.resolve({
      format,
      fileName: `pirate-${format}.zip`,
      zip: new Blob(['zip']),
      files: [],
      check,
    });
  };
  const report = () => Promise.resolve(adapterReport());
  const app = appOver({ adapter: { report, offers, export: write } });
  await app.exports.refresh();
  const open = vi.spyOn(app.onnx, 'open').mockResolvedValue();
  const step = show(ExportStep, app, {});
  const finish = async (format: FormatName) => {
    app.exports.choose(format);
    await app.exports.export();
    flushSync();
  };
  await finish('gguf');
  expect(step.textContent).not.toContain(t.exporting.chat);
  await finish('onnx');
  app.exports.choose('gguf');
  flushSync();
  expect(step.querySelector('[data-testid=export-check]')).toBeNull();
  app.exports.choose('onnx');
  flushSync();
  press(control(step, 'button', t.exporting.chat));
  expect(app.route.place).toBe('chat');
  const [picked] = open.mock.calls[0]!;
  expect(picked).toMatchObject({ name: 'pirate-onnx.zip', all: [{ path: 'pirate-onnx.zip' }] });
});

it('the question before a run is removed says that its adapter is open', async () => {
  const { app } = await withRun();
  const panel = show(RunsPanel, app, {});
  const more = control(panel, 'button', 'More for');
  more.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, button: 0, pointerType: 'mouse' }));
  flushSync();
  const remove = control(document, '[role="menuitem"]', 'Remove');
  remove.dispatchEvent(new PointerEvent('pointerup', { bubbles: true, button: 0 }));
  remove.click();
  flushSync();
  await new Promise((resolve) => setTimeout(resolve, 50));
  flushSync();
  expect(document.body.textContent).toContain('Its adapter is open now');
});

it('the sample prompts are not called missing while the examples are being read', () => {
  const app = appOver();
  const prompts = show(SamplePrompts, app, {});
  expect(prompts.textContent).toContain('Shown once the examples are read.');
  app.examples.report = { samplePrompts: [] } as unknown as NonNullable<typeof app.examples.report>;
  flushSync();
  expect(prompts.textContent).toContain('The examples have no questions to ask.');
});

it('a note says that an adapter is closed because its base has other settings, and opens it again', async () => {
  const { app } = await withRun();
  const opened = vi.spyOn(app, 'openRun').mockResolvedValue();
  const note = show(FormerNote, app, {});
  expect(note.textContent.trim()).toBe('');
  app.former.leave('a-run');
  flushSync();
  expect(note.textContent).toContain(t.runs.closedReloaded);
  press(control(note, 'button', t.runs.openAgain));
  expect(opened).toHaveBeenCalledOnce();
});

it('the start page says once which run it opens again', async () => {
  const { app } = await withRun();
  app.former.run = 'a-run';
  app.former.opening = true;
  app.reopening.busy = true;
  const { textContent } = show(Start, app, {});
  expect(textContent.split('again')).toHaveLength(2);
});

it('the answers say that a stopped run has trained on after them', () => {
  const samples = [sampleEvent(0, 'Hello.'), sampleEvent(16, 'Arr.')];
  const shown = (more: boolean, saved: number) =>
    show(Samples, appOver(), { samples, more, saved }).textContent;
  expect(shown(false, 29)).toContain('trained on to step 29');
  expect(shown(false, 16)).not.toContain('trained on');
  expect(shown(true, 29)).not.toContain('trained on');
});

it('the sample prompts that the model can not answer are named with both reasons', () => {
  const app = appOver();
  app.training.plan = { unanswerable: ['Why?'] } as unknown as NonNullable<typeof app.training.plan>;
  const prompts = show(SamplePrompts, app, {});
  expect(prompts.textContent).toMatch(/too long or its chat template refuses them: “Why\?”/);
});
