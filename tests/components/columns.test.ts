import { flushSync } from 'svelte';
import { beforeEach, expect, it } from 'vitest';
import FileColumns from '../../src/ui/examples/files/FileColumns.svelte';
import type { SourceReport } from '../../src/ui/examples/files/columns';
import { language } from '../../src/ui/language.svelte';
import { appOver, control, press, show } from './page';

beforeEach(() => language.choose('en'));

const source: SourceReport = {
  name: 'odd.csv',
  records: 2,
  examples: 0,
  trained: 0,
  heldOut: 0,
  options: {},
  unrecognised: 2,
  columns: [
    { name: 'Ask', sample: 'Who?' },
    { name: 'Reply', sample: 'Me.' },
    { name: 'Talk', sample: '[…]' },
  ],
  guess: { columns: { prompt: 'Ask', response: 'Talk' } },
};

function choose(within: HTMLElement, label: string, name: string): void {
  const select = control(within, 'select', label) as HTMLSelectElement;
  select.value = name;
  select.dispatchEvent(new Event('change', { bubbles: true }));
  flushSync();
}

it('columns that are not recognised are guessed, chosen, used, and taken back', () => {
  const app = appOver();
  app.settings.set('sources', { 'odd.csv': { weight: 2 } });
  const shown = show(FileColumns, app, { source });
  expect(shown.querySelector('details')?.open).toBe(true);
  expect(shown.textContent).toContain('These choices are a guess');
  expect((control(shown, 'select', 'Output') as HTMLSelectElement).value).toBe('Talk');
  choose(shown, 'Output', 'Reply');
  expect(app.settings.values?.sources).toEqual({ 'odd.csv': { weight: 2 } });
  press(control(shown, 'button', 'Use these columns'));
  const columns = { prompt: 'Ask', response: 'Reply' };
  expect(app.settings.values?.sources).toEqual({ 'odd.csv': { weight: 2, columns } });
  press(control(shown, 'button', 'Undo'));
  expect(app.settings.values?.sources).toEqual({ 'odd.csv': { weight: 2 } });
});

it('a choice of columns is offered for the next file with the same columns', () => {
  const app = appOver();
  const first = show(FileColumns, app, { source });
  for (const label of ['Instruction', 'Output']) choose(first, label, '');
  choose(first, 'List of messages', 'Talk');
  const field = control(first, 'input', 'Field of the speaker') as HTMLInputElement;
  field.value = 'who';
  field.dispatchEvent(new Event('change', { bubbles: true }));
  flushSync();
  press(control(first, 'button', 'Use these columns'));
  const mapping = { columns: { messages: 'Talk' }, tags: { role_tag: 'who' } };
  expect(app.settings.values?.sources).toEqual({ 'odd.csv': mapping });

  const columns = [...source.columns].reverse();
  const next = show(FileColumns, app, { source: { ...source, name: 'next.csv', columns } });
  expect(next.textContent).toContain('those of another file with the same columns');
  press(control(next, 'button', 'Use these columns'));
  expect(app.settings.values?.sources).toEqual({ 'odd.csv': mapping, 'next.csv': mapping });
});
