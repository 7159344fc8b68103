import { beforeEach, expect, it } from 'vitest';
import FilePanel from '../../src/ui/examples/files/FilePanel.svelte';
import Mixture from '../../src/ui/examples/files/Mixture.svelte';
import OwnFiles from '../../src/ui/examples/files/OwnFiles.svelte';
import type { SourceReport } from '../../src/ui/examples/files/columns';
import { EDITS_FILE } from '../../src/ui/examples/rows/edits';
import { language } from '../../src/ui/language.svelte';
import type { DataReport } from '../../src/worker/protocol';
import { appOver, control, fill, press, show } from './page';

beforeEach(() => language.choose('en'));

const source: SourceReport = {
  name: 'rows.csv',
  format: 'CSV',
  encoding: 'gb18030',
  encodingGuessed: true,
  delimiter: ';',
  header: true,
  headerGuessed: true,
  records: 3,
  examples: 2,
  trained: 2,
  heldOut: 0,
  options: {},
  unrecognised: 0,
  columns: [],
  guess: undefined,
};

it('a file is read in another way, and used in another way, as the visitor chooses', () => {
  const app = appOver();
  const shown = show(FilePanel, app, { source });
  expect(shown.querySelector('details')?.open).toBe(false);
  expect(shown.querySelector('summary')?.textContent).toContain(
    'CSV, GB18030 (GBK) (guessed), 3 records, 2 examples',
  );
  fill(control(shown, 'select', 'Encoding'), 'big5');
  fill(control(shown, 'select', 'Between the cells'), '\t');
  fill(control(shown, 'select', 'First line'), 'false');
  fill(control(shown, 'input', 'Number of examples'), '5');
  fill(control(shown, 'textarea', 'System message'), 'Be brief. ');
  const read = { encoding: 'big5', delimiter: '\t', header: false };
  expect(app.settings.values?.sources).toEqual({
    'rows.csv': { ...read, num_samples: 5, default_system: 'Be brief.' },
  });
  expect(shown.querySelector('details')?.open).toBe(true);

  fill(control(shown, 'input', 'Number of examples'), 'many');
  expect(shown.textContent).toContain('It must be a whole number from 1 on.');
  expect(app.settings.values?.sources['rows.csv']?.num_samples).toBe(5);

  fill(control(shown, 'select', 'Encoding'), '');
  fill(control(shown, 'select', 'Use for'), 'eval');
  fill(control(shown, 'textarea', 'System message'), '');
  expect(shown.textContent).toContain('Otherwise a random sample of this size.');
  expect(app.settings.values?.sources).toEqual({
    'rows.csv': { split: 'eval', num_samples: 5, delimiter: '\t', header: false },
  });
});

it('a file shows what a dataset_info.json says of it, which the visitor can overrule', () => {
  const app = appOver();
  const described: SourceReport = { ...source, options: { split: 'eval', num_samples: 7 } };
  const shown = show(FilePanel, app, { source: described });
  expect(shown.querySelector('summary')?.textContent).toContain('for evaluation');
  expect((control(shown, 'input', 'Number of examples') as HTMLInputElement).placeholder).toBe('7');
  fill(control(shown, 'select', 'Use for'), 'train');
  expect(app.settings.values?.sources).toEqual({ 'rows.csv': { split: 'train' } });
});

it('a file whose text is not in its encoding shows the choice of another at once', () => {
  const app = appOver();
  app.examples.report = {
    files: [],
    problems: [
      {
        file: 'rows.csv',
        code: 'encoding',
        reason: { code: 'file_empty', values: {} },
        count: 1,
        places: [],
      },
    ],
  } as unknown as DataReport;
  const shown = show(FilePanel, app, { source });
  expect(shown.querySelector('details')?.open).toBe(true);
  expect(shown.textContent).toContain('can’t be read');
  expect(control(shown, 'select', 'Encoding')).toBeTruthy();
});

it('files are mixed by weights', () => {
  const app = appOver();
  app.settings.set('sources', { 'test.csv': { split: 'eval' } });
  const sources = [
    source,
    { ...source, name: 'more.csv', trained: 6 },
    { ...source, name: 'test.csv', trained: 0 },
  ];
  const shown = show(Mixture, app, { sources });
  expect(Array.from(shown.querySelectorAll('tbody tr'), (row) => row.lastElementChild?.textContent)).toEqual([
    '2 (25%)',
    '6 (75%)',
    'for evaluation',
  ]);
  fill(control(shown, 'input', 'Weight of more.csv'), '0.5');
  fill(control(shown, 'input', 'Weight of rows.csv'), '0');
  expect(shown.textContent).toContain('It must be a number above 0');
  fill(control(shown, 'select', 'mix_strategy'), 'interleave_over');
  expect(app.settings.values?.sources).toEqual({
    'test.csv': { split: 'eval' },
    'more.csv': { weight: 0.5 },
  });
  expect(app.settings.values?.mix_strategy).toBe('interleave_over');
});

it('added rows have no weight in the mixture', () => {
  const added = { ...source, name: EDITS_FILE, trained: 1 };
  const shown = show(Mixture, appOver(), { sources: [{ ...source, trained: 3 }, added] });
  expect(shown.querySelectorAll('tbody input')).toHaveLength(1);
  const cells = Array.from(shown.querySelectorAll('tbody tr:last-child td'), (each) => each.textContent);
  expect(cells).toEqual(['Rows that were added', '2', 'once each', '1 (25%)']);
});

it('the options of a file go with it, those of an archive’s files with the archive', async () => {
  const app = appOver();
  await app.examples.add([new File(['{}'], 'a.zip'), new File(['[]'], 'b.csv')]);
  app.settings.set('sources', {
    'a.zip/x.csv': { weight: 2 },
    'a.zipper': { weight: 3 },
    'b.csv': { weight: 4 },
  });
  press(control(show(OwnFiles, app, {}), 'button', 'Remove a.zip'));
  expect(app.settings.values?.sources).toEqual({ 'a.zipper': { weight: 3 }, 'b.csv': { weight: 4 } });
});
