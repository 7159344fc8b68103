import { flushSync } from 'svelte';
import { expect, it, vi } from 'vitest';
import { message } from '../../src/core/messages/message';
import { t } from '../../src/ui/language.svelte';
import AllSettings from '../../src/ui/settings/AllSettings.svelte';
import { appOver, control, press, show } from './page';

/** The page with the dialog of all settings open. */
function opened() {
  const app = appOver();
  app.settingsOpen = true;
  show(AllSettings, app, {
    get open() {
      return app.settingsOpen;
    },
    set open(open) {
      app.settingsOpen = open;
    },
  });
  return app;
}

it('the note on a loaded file goes when all settings are reset, and when the dialog is closed', async () => {
  const app = opened();
  const note = () => document.querySelector('.taken');
  const load = async () => {
    const input = document.querySelector('[data-testid=settings-file]')!;
    const files = [new File(['r: 4\n'], 'mine.yaml')];
    Object.defineProperty(input, 'files', { value: files, configurable: true });
    input.dispatchEvent(new Event('change', { bubbles: true }));
    await vi.waitFor(() => expect(note()?.textContent).toContain('mine.yaml'));
  };
  await load();
  press(control(document, 'button', t.settings.resetAll));
  expect(note()).toBeNull();
  await load();
  press(control(document, 'button', t.settings.done));
  expect(app.settingsOpen).toBe(false);
  app.settingsOpen = true;
  flushSync();
  await vi.waitFor(() => expect(document.querySelector('[data-testid=settings-file]')).not.toBeNull());
  expect(note()).toBeNull();
});

it('a file that is not loaded because of a run is named', () => {
  const app = opened();
  app.settingsFile.refuse({ name: 'mine.yaml' });
  flushSync();
  expect(document.body.textContent).toContain('mine.yaml was not loaded');
});

it('two notes of one kind on a loaded file are both shown', () => {
  const app = opened();
  const note = (key: string) => message('settings_left', { program: 'TRL', keys: [key] });
  app.settingsFile.taken = { file: 'mine.yaml', count: 1, notes: [note('one'), note('two')] };
  flushSync();
  expect(document.querySelector('.said')?.textContent).toMatch(/one.*two/s);
});

it('a changed setting that has no effect can be reset, and not changed otherwise', () => {
  const app = opened();
  app.settings.set('warmup_steps', 7);
  app.settings.set('lr_scheduler_type', 'constant');
  flushSync();
  const row = document.querySelector('[data-setting="training.warmup_steps"]')!;
  expect(row.querySelector('input')?.disabled).toBe(true);
  press(control(row, 'button', t.settings.reset('warmup_steps')));
  expect(app.settings.hasChanged('warmup_steps')).toBe(false);
});
