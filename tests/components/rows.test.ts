import { flushSync } from 'svelte';
import { beforeEach, expect, it, vi } from 'vitest';
import Problems from '../../src/ui/examples/Problems.svelte';
import { EDITS_FILE } from '../../src/ui/examples/rows/edits';
import Plots from '../../src/ui/examples/rows/Plots.svelte';
import RowPanel from '../../src/ui/examples/rows/RowPanel.svelte';
import { language } from '../../src/ui/language.svelte';
import type { ProblemGroup, RowDetail, RowReport } from '../../src/worker/protocol';
import { appOver, control, press, show } from './page';

beforeEach(() => language.choose('en'));

const report = {
  lengths: { step: 100, counts: [9, 0, 1] },
  questions: { step: 1, counts: [5, 2] },
  cutAt: 256,
  cutTokens: 44,
  truncated: 1,
  examples: 10,
  tokens: 956,
};

const row: RowReport = {
  row: 4,
  file: EDITS_FILE,
  record: 3,
  line: undefined,
  tokens: 5000,
  targets: 4999,
  flags: ['added'],
  texts: [],
};

const detail: RowDetail = { report: row, value: '{"text":"long"}', isWhole: true, examples: [] };

it('a bar shows its rows, and all rows again', () => {
  const onchoose = vi.fn();
  const plots = show(Plots, appOver(), { report, query: {}, onchoose });
  expect(plots.querySelector('[data-testid=lengths] .limit')?.textContent).toContain('cut at 256');
  expect(plots.textContent).toContain(
    'Longer than that: 1 of the examples (10%). Cut off: 44 of the tokens (4%).',
  );
  press(control(plots, 'button', '201 to 300 tokens: 1'));
  press(control(plots, 'button', '2: 2 conversations'));
  const chosen = show(Plots, appOver(), { report, query: { length: [201, 300] }, onchoose });
  press(control(chosen, 'button', '201 to 300 tokens: 1'));
  expect(onchoose.mock.calls).toEqual([
    [{ length: [201, 300] }],
    [{ questions: [2, 2] }],
    [{ length: undefined }],
  ]);
});

it('single questions are not plotted', () => {
  const single = { ...report, questions: { step: 1, counts: [7] } };
  const plots = show(Plots, appOver(), { report: single, query: {}, onchoose: vi.fn() });
  expect(plots.querySelector('[data-testid=questions]')).toBeNull();
});

it('a long row shows its beginning, more of it when asked, and can’t be edited here', () => {
  const onmore = vi.fn();
  const tokens = [{ text: 'long', trained: true }];
  const long = { ...detail, isWhole: false, examples: [{ tokens, length: 5000 }] };
  const panel = show(RowPanel, appOver(), { row, detail: long, onmore, onclose: vi.fn() });
  expect(panel.textContent).toContain('Added row 3');
  expect(panel.textContent).toContain('The first 1 of 5,000 tokens.');
  expect(panel.textContent).toContain('too long to edit here');
  expect((control(panel, 'button', 'Edit') as HTMLButtonElement).disabled).toBe(true);
  press(control(panel, 'button', 'Show more'));
  expect(onmore).toHaveBeenCalledOnce();
});

it('an added row is saved under the number that it has by then', async () => {
  const app = appOver({ examples: { report: () => Promise.resolve(undefined) } });
  app.examples.own = true;
  const { edits } = app.examples;
  edits.add({ value: { text: 'a' } }, { value: { text: 'b' } }, { value: { text: 'long' } });
  const panel = show(RowPanel, app, { row, detail, onmore: vi.fn(), onclose: vi.fn() });
  expect((control(panel, 'button', 'Edit') as HTMLButtonElement).disabled).toBe(true);
  await app.examples.showRead();
  flushSync();
  press(control(panel, 'button', 'Edit'));
  edits.throwAway(1);
  const field = control(panel, 'textarea', 'text') as HTMLTextAreaElement;
  field.value = 'longer';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  press(control(panel, 'button', 'Save'));
  expect(edits.edits.added.map(({ value }) => value)).toEqual([{ text: 'b' }, { text: 'longer' }]);
});

it('answers that are compared stand side by side, and a long one is shortened', () => {
  const judged = [
    { part: 'prompt', text: 'Which?' },
    { part: 'chosen', text: 'this '.repeat(5000) },
    { part: 'rejected', text: 'That.' },
  ] as const;
  const props = { row, detail: { ...detail, judged }, onmore: vi.fn(), onclose: vi.fn() };
  const panel = show(RowPanel, appOver(), props);
  const texts = () => [...panel.querySelectorAll('dd pre')].map(({ textContent }) => textContent.length);
  expect([...panel.querySelectorAll('dt')].map(({ textContent }) => textContent)).toEqual([
    'Prompt',
    'Chosen answer',
    'Rejected answer',
  ]);
  expect(texts()).toEqual([6, 10_001, 5]);
  press(control(panel, 'button', 'Show more'));
  flushSync();
  expect(texts()).toEqual([6, 25_000, 5]);
});

it('problems of added rows are called by what they are', () => {
  const group = (record: number | undefined): ProblemGroup => ({
    file: EDITS_FILE,
    code: 'record_invalid',
    reason: { code: 'edit_unreadable' },
    count: 1,
    places: [{ record, line: undefined, column: undefined }],
  });
  const shown = show(Problems, appOver(), { problems: [group(3), group(undefined)], others: true });
  expect([...shown.querySelectorAll('td:first-child')].map(({ textContent }) => textContent)).toEqual([
    'Rows that were added',
    'Changes of rows',
  ]);
});
