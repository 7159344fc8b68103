import { beforeAll, describe, expect, it } from 'vitest';
import { memoryFile, type FileReader } from '../../../../src/core/file_reader';
import { DEFAULTS, type TrainSettings } from '../../../../src/core/settings/settings';
import { editsText, type Edits } from '../../../../src/data/edits';
import { cleanRows } from '../../../../src/session/data/clean_rows';
import { makeDataset, type Dataset } from '../../../../src/session/data/dataset';
import type { RowQuery } from '../../../../src/session/data/row_table';
import { dataReport } from '../../../../src/session/reports';
import type { OpenModel } from '../../../../src/session/models/open';
import { openTinyModel } from '../tiny';

let model: OpenModel;
beforeAll(async () => (model = await openTinyModel()));

const fileOf = (name: string, text: string): FileReader => memoryFile(name, new TextEncoder().encode(text));
const lines = (...rows: object[]): string => rows.map((row) => JSON.stringify(row)).join('\n');
const pair = (instruction: string, output: string) => ({ instruction, output });

const first = lines(
  pair('How many?', 'Two "fish".'),
  { wrong: 'Nothing here' },
  pair('Why?', 'a fish in the sea '.repeat(30)),
  pair('Where?', 'In the SEA.\nHere.'),
);
const second = lines(pair('Who?', 'A bird.'), pair('When?', 'Now.'));

async function datasetOf(edits?: Edits, changes: Partial<TrainSettings> = {}): Promise<Dataset> {
  const files = [fileOf('a.jsonl', first), fileOf('b.jsonl', second)];
  if (edits) files.push(fileOf('changes.jsonl', editsText(edits)));
  return await makeDataset(model, files, { ...DEFAULTS, max_seq_length: 64, eval_split: 0, ...changes });
}

async function rowsOf(dataset: Dataset, query: RowQuery = {}): Promise<number[]> {
  const { rows, total } = await dataset.table.page(query, 0, 100);
  expect(total).toBe(rows.length);
  return rows.map(({ row }) => row);
}

describe('the table of rows', () => {
  it('shows every record, also one that can not be used, with its tokens', async () => {
    const { table, examples } = await datasetOf();
    const { total, rows } = await table.page({}, 0, 10);
    expect(total).toBe(6);
    expect(rows[0]).toMatchObject({
      file: 'a.jsonl',
      record: 1,
      line: 1,
      tokens: examples.tokens(0),
      targets: examples.targets(0),
      flags: [],
      texts: ['How many?', 'Two "fish".'],
    });
    expect(rows[1]).toMatchObject({ flags: ['refused'], tokens: 0, texts: ['{"wrong":"Nothing here"}'] });
    expect(rows[2]).toMatchObject({ flags: ['cut'], tokens: 64 });
    expect(rows[4]).toMatchObject({ file: 'b.jsonl', record: 1 });
    expect((await table.page({}, 4, 1)).rows.map(({ row }) => row)).toEqual([4]);
  });

  it('opens a row as JSON with its tokens, or with the reason why it has none', async () => {
    const { table, examples } = await datasetOf();
    const opened = await table.detail(0);
    expect(JSON.parse(opened.value)).toEqual(pair('How many?', 'Two "fish".'));
    expect(opened.examples).toEqual([await examples.at(0)]);
    const refused = await table.detail(1);
    expect(refused).toMatchObject({ value: '{"wrong":"Nothing here"}', examples: [] });
    expect(refused.problem?.code).toBe('record_shapeless');
    const left = await datasetOf({ records: [{ file: 'a.jsonl', record: 1, exclude: true }], added: [] });
    expect((await left.table.detail(0)).examples).toEqual([]);
  });

  it('finds texts in any case, also over line breaks and quotes, but no names of columns', async () => {
    const dataset = await datasetOf();
    expect(await rowsOf(dataset, { search: 'the sea' })).toEqual([2, 3]);
    expect(await rowsOf(dataset, { search: '"fish"' })).toEqual([0]);
    expect(await rowsOf(dataset, { search: 'sea.\nhere' })).toEqual([3]);
    expect(await rowsOf(dataset, { search: 'instruction' })).toEqual([]);
    expect(await rowsOf(dataset, { search: 'SEA' })).toEqual([2, 3]);
    const added = { value: { text: 'Caf\u00e9 by the SEA' } };
    const more = await datasetOf({ records: [], added: [added] });
    expect(await rowsOf(more, { search: 'cafe\u0301' })).toEqual([6]);
    expect(await rowsOf(dataset, { search: 'nothing', flag: 'refused', file: 'a.jsonl' })).toEqual([1]);
    expect(await rowsOf(dataset, { search: 'nothing', file: 'b.jsonl' })).toEqual([]);
  });

  it('finds numbers, and true and false', async () => {
    const file = fileOf(
      'n.jsonl',
      '{"text":"a","n":1.50}\n{"text":"b","list":[{"ok":true}, 12345678901234567890]}',
    );
    const dataset = await makeDataset(model, [file], { ...DEFAULTS, eval_split: 0 });
    expect(await rowsOf(dataset, { search: '1.5' })).toEqual([0]);
    expect(await rowsOf(dataset, { search: 'TRUE' })).toEqual([1]);
    expect(await rowsOf(dataset, { search: '12345678901234567890' })).toEqual([1]);
  });

  it('flags the rows that a number of examples leaves out', async () => {
    const lines = Array.from({ length: 6 }, (_, n) => `{"text":"fish ${n}"}`).join('\n');
    const sources = { 'n.jsonl': { num_samples: 2 } };
    const settings = { ...DEFAULTS, eval_split: 0, sources };
    const { table } = await makeDataset(model, [fileOf('n.jsonl', lines)], settings);
    expect([table.count('undrawn'), (await table.page({ flag: 'undrawn' }, 0, 9)).total]).toEqual([4, 4]);
  });

  it('sorts both ways and keeps equal rows in their order', async () => {
    const dataset = await datasetOf();
    const ascending = await rowsOf(dataset, { order: 'tokens' });
    expect([ascending[0], ascending.at(-1)]).toEqual([1, 2]);
    expect((await rowsOf(dataset, { order: 'tokens', descending: true }))[0]).toBe(2);
    expect(await rowsOf(dataset, { order: 'file', descending: true })).toEqual([4, 5, 0, 1, 2, 3]);
    expect(await rowsOf(dataset, { descending: true })).toEqual([5, 4, 3, 2, 1, 0]);
  });

  it('tells held-out rows and those of the same content', async () => {
    const same = lines(pair('Who?', 'A bird.'));
    const files = [fileOf('a.jsonl', first), fileOf('b.jsonl', second), fileOf('c.jsonl', same)];
    const sources = { 'c.jsonl': { split: 'eval' as const } };
    const { table } = await makeDataset(model, files, { ...DEFAULTS, eval_split: 0, sources });
    const { rows } = await table.page({}, 0, 10);
    expect(rows.map(({ flags }) => flags.join()).slice(4)).toEqual(['leaked', '', 'heldOut']);
    expect(table.count('leaked')).toBe(1);
  });

  it('stops a search for another one, and searches once for pages of the same', async () => {
    const { table } = await datasetOf();
    const stopped = table.page({ search: 'sea' }, 0, 1);
    const pages = [0, 1].map((at) => table.page({ search: 'the' }, at, 1));
    await expect(stopped).rejects.toThrow();
    expect((await Promise.all(pages)).map(({ total }) => total)).toEqual([2, 2]);
  });
});

describe('edits', () => {
  it('leave rows out, replace them, hold them out and add others', async () => {
    const edits: Edits = {
      records: [
        { file: 'a.jsonl', record: 1, exclude: true },
        { file: 'a.jsonl', record: 2, value: pair('Mended?', 'Yes.') },
        { file: 'b.jsonl', record: 2, evaluate: true },
      ],
      added: [
        { value: pair('New?', 'Yes, new.') },
        { value: pair('Made?', 'Yes, made.'), origin: 'a model' },
      ],
    };
    const { table, training, heldOut, problems } = await datasetOf(edits);
    expect(problems).toEqual([]);
    expect([training.length, heldOut.length]).toEqual([6, 1]);
    const { rows } = await table.page({}, 0, 10);
    expect(rows.map(({ flags }) => flags.join(' '))).toEqual([
      'excluded',
      'edited',
      'cut',
      '',
      '',
      'heldOut',
      'added',
      'added generated',
    ]);
    expect(rows[1]?.texts).toEqual(['Mended?', 'Yes.']);
    expect(rows[0]).toMatchObject({ tokens: 0, texts: ['How many?', 'Two "fish".'] });
    expect(rows[7]).toMatchObject({ file: 'changes.jsonl', record: 2 });
  });

  it('propose rows, which are learnt once they are accepted', async () => {
    const accepted = { value: pair('Made?', 'Yes, made.'), origin: 'a model' };
    const proposed = { ...accepted, proposed: true } as const;
    const waiting = await datasetOf({ records: [], added: [proposed] });
    const learnt = await datasetOf({ records: [], added: [accepted] });
    expect([waiting.training.length, learnt.training.length]).toEqual([5, 6]);
    expect(waiting.problems).toEqual((await datasetOf()).problems);
    expect((await waiting.table.page({ flag: 'proposed' }, 0, 10)).rows).toMatchObject([
      { row: 6, tokens: 0, flags: ['proposed', 'added', 'generated'] },
    ]);
    expect((await waiting.table.detail(6)).examples).toHaveLength(1);
    expect([waiting.origins, learnt.origins]).toEqual([[], [{ origin: 'a model', rows: 1 }]]);
    const files = [fileOf('changes.jsonl', editsText({ records: [], added: [proposed, accepted] }))];
    const { count } = await cleanRows(files, DEFAULTS);
    expect(count).toBe(1);
  });

  it('change the hash, and nothing else if there are none', async () => {
    const plain = await datasetOf();
    const none = await datasetOf({ records: [], added: [] });
    const some = await datasetOf({ records: [{ file: 'b.jsonl', record: 1, exclude: true }], added: [] });
    expect(none.training.length).toBe(plain.training.length);
    expect(new Set([plain.hash, none.hash, some.hash]).size).toBe(3);
    expect(some.training.length).toBe(plain.training.length - 1);
  });

  it('that can not be read are a problem of their file', async () => {
    const broken = fileOf('changes.jsonl', `${editsText({ records: [], added: [] })}{"file":1}\n`);
    const { problems, training } = await makeDataset(model, [fileOf('b.jsonl', second), broken], {
      ...DEFAULTS,
      eval_split: 0,
    });
    expect(problems).toMatchObject([{ file: 'changes.jsonl', code: 'edits', places: [{ line: 2 }] }]);
    expect(training.length).toBe(2);
  });

  it('finds rows by their length before the cut, and conversations by their questions', async () => {
    const dataset = await datasetOf();
    const { lengths, questions, truncated, cutTokens } = dataReport(dataset);
    const long = lengths.step * lengths.counts.length;
    expect(await rowsOf(dataset, { length: [65, long] })).toEqual([2]);
    expect(truncated).toBe(1);
    expect(cutTokens).toBeGreaterThan(long - lengths.step - 64);
    expect(cutTokens).toBeLessThanOrEqual(long - 64);
    expect(questions).toEqual({ step: 1, counts: [5] });
    const turn = [
      { role: 'user', content: 'Hm?' },
      { role: 'assistant', content: 'Ah.' },
    ];
    const file = fileOf(
      'c.jsonl',
      lines({ messages: [...turn, ...turn] }, { text: 'Text.' }, ...[pair('a', 'b')]),
    );
    const more = await makeDataset(model, [file], { ...DEFAULTS, eval_split: 0 });
    expect(dataReport(more).questions).toEqual({ step: 1, counts: [1, 1] });
    expect(await rowsOf(more, { questions: [2, 2] })).toEqual([0]);
  });

  it('marks comparisons and verdicts, and tells their parts', async () => {
    const rows = [
      { prompt: 'Which?', chosen: 'This.', rejected: 'That.' },
      { prompt: 'Good?', completion: 'No.', label: false },
    ];
    const dataset = await makeDataset(model, [fileOf('c.jsonl', lines(...rows, pair('a', 'b')))], {
      ...DEFAULTS,
      eval_split: 0,
    });
    expect(await rowsOf(dataset, { flag: 'compared' })).toEqual([0]);
    expect(await rowsOf(dataset, { flag: 'judged' })).toEqual([1]);
    expect((await dataset.table.detail(0)).judged).toMatchObject({ kind: 'preference' });
    expect((await dataset.table.detail(1)).judged).toMatchObject({ kind: 'feedback', desirable: false });
  });

  it('tries other names of columns on the first row that they fit', async () => {
    const rows = [
      { Ask: 'Who?', Reply: 7 },
      { Ask: 'Who?', Reply: 'Me.' },
    ];
    const { table } = await makeDataset(model, [fileOf('c.jsonl', lines(...rows))], {
      ...DEFAULTS,
      eval_split: 0,
    });
    expect((await table.detail(1)).problem?.code).toBe('record_shapeless');
    const found = await table.tried('c.jsonl', { columns: { prompt: 'Ask', response: 'Reply' } });
    expect(found?.report.record).toBe(2);
    expect(found?.examples).toHaveLength(1);
    const wrong = await table.tried('c.jsonl', { columns: { prompt: 'Ask', response: 'Answer' } });
    expect(wrong).toMatchObject({ report: { record: 1 }, examples: [] });
    expect(wrong?.problem).toBeDefined();
    expect(await table.tried('d.jsonl', {})).toBeUndefined();
  });
});
