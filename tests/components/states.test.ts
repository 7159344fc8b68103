import { flushSync } from 'svelte';
import { expect, it, vi } from 'vitest';
import { DEFAULTS } from '../../src/core/settings/settings';
import { TunesmithError } from '../../src/core/errors';
import { ModelChoice } from '../../src/ui/model/choice.svelte';
import { Preparation } from '../../src/ui/prepare.svelte';
import { Reopening } from '../../src/ui/runs/reopening.svelte';
import { listedRun, preview, report, runRecord } from '../unit/ui/engine';
import { appOver } from './page';

/** An engine in which everything goes well. */
function calls() {
  const file = { name: 'pirate.jsonl', content: new Blob(['{}']) };
  return {
    models: {
      open: vi.fn(() => Promise.resolve(report({ source: 'demo' }))),
      report: vi.fn(() => Promise.resolve(report({ source: 'demo' }))),
      defaults: vi.fn(() => Promise.resolve(DEFAULTS)),
    },
    saved: { list: () => Promise.resolve([]), report: () => Promise.resolve(undefined) },
    examples: {
      demo: () => Promise.resolve(file),
      set: vi.fn(() => Promise.resolve({ examples: 3 })),
      report: () => Promise.resolve({ examples: 3 }),
      preview: () => Promise.resolve([]),
    },
    runs: {
      plan: vi.fn(() => Promise.resolve({ fits: true, memoryTotal: 1 })),
      list: () => Promise.resolve([listedRun({ id: 'a-run' })]),
      unreadable: () => Promise.resolve([]),
      read: () => Promise.resolve(runRecord({ id: 'a-run', checkpointStep: 2 })),
      examples: () => Promise.resolve([file]),
      open: vi.fn(() => Promise.resolve({})),
    },
    adapter: { report: () => Promise.resolve(undefined), offers: () => Promise.resolve([]) },
  };
}

it('Preparation makes ready what has changed, and says when it can not', async () => {
  const fake = calls();
  const app = appOver(fake);
  const preparation = new Preparation(app);
  expect(await preparation.ready()).toBe(true);
  expect(await preparation.ready()).toBe(true);
  expect(fake.runs.plan).toHaveBeenCalledOnce();
  app.settings.set('r', 32);
  flushSync();
  expect(await preparation.ready()).toBe(true);
  expect(fake.runs.plan).toHaveBeenLastCalledWith(expect.objectContaining({ r: 32 }), 'new');
  expect(fake.examples.set).toHaveBeenCalledOnce();
  app.settings.set('max_seq_length', 64);
  fake.examples.set.mockRejectedValueOnce(
    new TunesmithError({ code: 'engine_busy', values: { doing: 'training' } }),
  );
  expect(await preparation.ready()).toBe(false);
  expect(app.examples.error?.code).toBe('engine_busy');
  expect(await preparation.ready()).toBe(true);
  app.settings.set('r', -1);
  expect(await preparation.ready()).toBe(false);
});

it('ModelChoice opens a candidate that fits, and looks at another revision if that changes', () => {
  const app = appOver(calls());
  const choice = new ModelChoice(app);
  choice.lookAtHub({ repo: 'a/model' });
  expect(choice.canOpen).toBe(false);
  choice.setHubRevision('v2');
  expect(app.candidate.source).toEqual({ kind: 'hub', repo: 'a/model', revision: 'v2' });
  app.candidate.preview = preview({ storageNeeded: 30, storageFree: 10 });
  expect(choice.missingRoom).toBe(20);
  choice.open();
  expect(app.model.wanted.kind).toBe('demo');
  app.candidate.preview = preview({ storageFree: 5000 });
  expect(choice.canOpen).toBe(true);
  choice.open();
  expect(app.model.wanted).toMatchObject({ kind: 'hub', repo: 'a/model', revision: 'v2' });
  expect(choice.canReopen).toBe(true);
  choice.chooseWay('demo');
  expect(app.model.wanted.kind).toBe('demo');
  choice.chooseFiles({ name: 'folder', files: [new File(['{}'], 'config.json')] });
  expect(app.model).toMatchObject({ way: 'disk', wanted: { kind: 'files' } });
});

it('Reopening brings a run with its settings, and tells beside the run why it can not', async () => {
  const fake = calls();
  const app = appOver(fake);
  await app.runs.refresh();
  const reopening = new Reopening(app);
  const settings = { ...DEFAULTS, r: 4 };
  fake.runs.read = () => Promise.resolve(runRecord({ id: 'a-run', settings, checkpointStep: 2 }));
  const opened = reopening.open('a-run');
  expect(reopening.busy).toBe(true);
  await opened;
  expect(reopening.busy).toBe(false);
  expect(app.settings.values?.r).toBe(4);
  expect(app.former.run).toBe('a-run');
  expect(app.route.place).toBe('train');
  fake.runs.open.mockRejectedValueOnce(new TunesmithError({ code: 'run_unknown' }));
  await reopening.open('a-run');
  expect(app.runs.failures.get('a-run')?.code).toBe('run_unknown');
  expect(reopening.busy).toBe(false);
});
