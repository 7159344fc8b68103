import { beforeEach, expect, it } from 'vitest';
import { CLEANING_STEPS } from '../../src/core/settings/cleaning';
import CleaningView from '../../src/ui/examples/cleaning/CleaningView.svelte';
import { language } from '../../src/ui/language.svelte';
import type { CleaningReport, DataReport } from '../../src/worker/protocol';
import { appOver, control, fill, press, show } from './page';

beforeEach(() => language.choose('en'));

function step(within: HTMLElement, name: string): HTMLElement {
  return control(within, `section[data-step="${name}"]`);
}

it('a preset is chosen, and its steps and their options are changed', () => {
  const app = appOver();
  const shown = show(CleaningView, app, {});
  expect(shown.querySelectorAll('section[data-step]')).toHaveLength(CLEANING_STEPS.length);
  expect(shown.querySelectorAll('button[aria-checked="true"]')).toHaveLength(0);
  press(control(shown, 'input[type=radio]', 'Strict'));
  expect(app.settings.values?.cleaning).toBe('strict');

  const privateData = step(shown, 'private_data');
  fill(control(privateData, 'select', 'Action'), 'drop');
  press(control(privateData, 'input', 'IP addresses'));
  fill(control(step(shown, 'length'), 'input', 'Longest answer'), '500');
  press(control(step(shown, 'repeats'), 'button', 'Repetitions'));
  press(control(step(shown, 'language'), 'button', 'Language'));
  fill(control(step(shown, 'language'), 'select', 'Add'), 'zh');
  expect(app.settings.values?.cleaning).toEqual({
    characters: {},
    unicode: {},
    spaces: {},
    private_data: { action: 'drop', kinds: ['email', 'phone', 'id', 'iban', 'card', 'key'] },
    language: { keep: ['en', 'zh'] },
    length: { min_question: 1, max_question: 1e9, min_answer: 1, max_answer: 500 },
    duplicates: {},
    near_duplicates: { threshold: 0.8 },
  });
  press(control(step(shown, 'language'), 'button', 'Take English away'));
  expect(app.settings.values?.cleaning).toMatchObject({ language: { keep: ['zh'] } });
  // One language at least is kept.
  expect(step(shown, 'language').textContent).toContain('Chinese');
  expect([...step(shown, 'language').querySelectorAll('button')]).toHaveLength(1);

  fill(control(step(shown, 'near_duplicates'), 'input', 'Least similarity'), '2');
  expect(step(shown, 'near_duplicates').textContent).toContain('It must be a number from 0.5 to 1.');
  fill(control(step(shown, 'near_duplicates'), 'input', 'Least similarity'), '');
  fill(control(step(shown, 'length'), 'input', 'Longest answer'), '');
  expect(app.settings.values?.cleaning).toMatchObject({
    near_duplicates: { threshold: 0.8 },
    length: { max_answer: 1e9 },
  });
  press(control(shown, 'input[type=radio]', 'None'));
  expect(app.settings.values?.cleaning).toBe('none');
});

it('everything that cleaning does is told, with the way to the rows', () => {
  const app = appOver({ examples: { rows: () => Promise.resolve({ total: 0, rows: [] }) } });
  const report: CleaningReport = {
    rows: 9,
    kept: 7,
    changed: 1,
    steps: [
      {
        step: 'spaces',
        changed: 1,
        dropped: 0,
        examples: [{ file: 'a.jsonl', record: 3, before: 'a \n', after: 'a' }],
      },
      {
        step: 'duplicates',
        changed: 0,
        dropped: 2,
        examples: [{ file: 'a.jsonl', record: 5, before: 'b', like: { file: 'a.jsonl', record: 2 } }],
      },
      { step: 'unicode', changed: 0, dropped: 0, examples: [] },
    ],
  };
  const notes = [{ code: 'examples_leaked', values: { leaked: 4 } }];
  app.examples.report = { cleaning: report, notes } as unknown as DataReport;
  app.settings.set('cleaning', { unicode: {}, spaces: {}, duplicates: {} });
  const shown = show(CleaningView, app, {});
  expect(shown.textContent).toContain('Of 9 rows, 1 changed and 2 dropped.');
  expect(step(shown, 'spaces').textContent).toContain('1 changed, 0 dropped');
  expect(step(shown, 'spaces').textContent).toContain('a·↵');
  expect(step(shown, 'unicode').textContent).toContain('nothing found');
  expect(step(shown, 'duplicates').textContent).toContain('dropped, like a.jsonl, record 2');
  expect(shown.textContent).toContain('4 examples for training have the same content');
  press(control(shown, 'button', 'Show these rows'));
  expect(app.examples).toMatchObject({ view: 'rows', rows: { query: { flag: 'leaked' } } });
  press(control(shown, 'button', 'Show the dropped rows'));
  expect(app.examples.rows.query).toEqual({ flag: 'dropped' });
});
