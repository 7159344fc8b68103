import { describe, expect, it, vi } from 'vitest';
import { memoryFile, type FileReader } from '../../../../src/core/file_reader';
import { DEFAULTS, type TrainSettings } from '../../../../src/core/settings/settings';
import { isDatasetInfo, readDatasetInfo } from '../../../../src/data/dataset_info';
import { chosenData } from '../../../../src/session/data/chosen_data';
import { cleanRows } from '../../../../src/session/data/clean_rows';
import { ParsedFiles } from '../../../../src/session/data/parsed_files';

const fileOf = (name: string, content: object | string): FileReader =>
  memoryFile(name, new TextEncoder().encode(typeof content === 'string' ? content : JSON.stringify(content)));

const QA = fileOf('qa.json', [{ frage: 'Who?', antwort: 'Me.', system: 'not read' }]);
const CHAT = fileOf('chat.json', [
  {
    talk: [
      { who: 'human', says: 'Hi' },
      { who: 'gpt', says: 'Ahoy' },
    ],
  },
]);
const INFO = {
  german: { file_name: 'data/qa.json', columns: { prompt: 'frage', response: 'antwort' } },
  talks: {
    file_name: 'chat.json',
    formatting: 'sharegpt',
    columns: { messages: 'talk', images: 'pictures' },
    tags: { role_tag: 'who', content_tag: 'says' },
  },
  again: { file_name: 'chat.json', columns: { messages: 'other' } },
  far: { hf_hub_url: 'a/b', ms_hub_url: 'c/d', split: 'test', columns: { prompt: 'x', response: 'y' } },
};

async function read(files: readonly FileReader[], change: Partial<TrainSettings> = {}) {
  const rows = await cleanRows(files, { ...DEFAULTS, eval_split: 0, ...change });
  const lines: unknown[] = [];
  for await (const line of rows.lines()) lines.push(JSON.parse(line));
  await rows.close();
  return { lines, problems: rows.problems, notes: rows.notes };
}
const messages = (question: string, answer: string) => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ],
});

describe('a dataset_info.json among the files', () => {
  it('says how the others are read, and is no file of examples', async () => {
    const { lines, problems, notes } = await read([QA, CHAT, fileOf('dataset_info.json', INFO)]);
    expect(lines).toEqual([messages('Who?', 'Me.'), messages('Hi', 'Ahoy')]);
    expect(problems).toEqual([]);
    expect(notes).toEqual([{ code: 'dataset_info_used', values: { names: ['german', 'talks'] } }]);
  });

  it('gives way to what the person says', async () => {
    const sources = { 'qa.json': { columns: { prompt: 'antwort', response: 'frage' } } };
    const { lines } = await read([fileOf('dataset_info.json', INFO), QA], { sources });
    expect(lines).toEqual([messages('Me.', 'Who?')]);
  });

  it('has no effect if it is none, and says so', async () => {
    const plain = fileOf('x.json', [{ question: 'a', answer: 'b' }]);
    for (const content of ['{', '[]', '{"a":{"file":"x.json"}}']) {
      const { lines, notes } = await read([plain, fileOf('dataset_info.json', content)]);
      expect(lines).toEqual([messages('a', 'b')]);
      expect(notes).toMatchObject([{ code: 'dataset_info_unreadable' }]);
    }
  });
});

describe('the settings of data sets', () => {
  const info = fileOf('dataset_info.json', INFO);
  const more = fileOf('more.jsonl', [1, 2, 3].map((n) => `{"question":"${n}?","answer":"${n}"}`).join('\n'));

  it('choose among the files, by entries and by names of files', async () => {
    const { lines, notes } = await read([QA, CHAT, more, info], { dataset: ['german', 'more'] });
    expect(lines).toEqual([messages('Who?', 'Me.'), ...[1, 2, 3].map((n) => messages(`${n}?`, `${n}`))]);
    expect(notes).toMatchObject([
      { code: 'dataset_info_used', values: { names: ['german'] } },
      { code: 'datasets_left', values: { names: ['chat.json'] } },
    ]);
  });

  it('keep the rows of eval_dataset from training', async () => {
    const { lines } = await read([QA, more, info], { dataset: ['german'], eval_dataset: ['more'] });
    expect(lines).toEqual([messages('Who?', 'Me.')]);
  });

  it('say what is not there, and then change nothing', async () => {
    const { lines, notes } = await read([more, info], { dataset: ['far', 'gone'] });
    expect(lines).toHaveLength(3);
    expect(notes).toMatchObject([
      { code: 'dataset_info_used', values: { names: [] } },
      { code: 'datasets_on_hub', values: { names: ['hub:a/b,test'] } },
      { code: 'datasets_missing', values: { names: ['gone'], isChosen: false } },
    ]);
  });

  it('say that one folder of a data set of the Hub can not be taken alone', () => {
    const entries = readDatasetInfo('{"code":{"hf_hub_url":"a/code","folder":"julia"}}')!;
    const settings = { ...DEFAULTS, dataset: ['code'] };
    expect(chosenData([], entries, settings).notes).toMatchObject([
      { code: 'datasets_in_folders', values: { names: ['a/code/julia'] } },
    ]);
  });

  it.each([
    ['c--d@0123456.test[:2].jsonl', 1],
    ['c--d@0123456.train[:2].jsonl', 0],
  ])('know the rows of a data set of the Hub by their name: %s', async (name, count) => {
    const rows = fileOf(name, '{"x":"a","y":"b"}');
    const { lines } = await read([rows, more, info], { dataset: ['far'], max_samples: 1 });
    expect(lines.filter((line) => JSON.stringify(line).includes('"a"'))).toHaveLength(count);
  });

  it.each([
    ['wiki', 'c--wiki@0123456.2023.en.train[:2].jsonl', 1],
    ['wiki', 'c--wiki@0123456.2023.zh.train[:2].jsonl', 0],
    ['wiki', 'c--wiki@0123456.train.jsonl', 1],
    ['every', 'c--wiki@0123456.2023.zh.train.jsonl', 1],
  ])('know their configuration: %s of %s', async (entry, name, count) => {
    const hub = { hf_hub_url: 'c/wiki', columns: { prompt: 'x', response: 'y' } };
    const wiki = fileOf('dataset_info.json', { wiki: { ...hub, subset: '2023.en' }, every: hub });
    const { lines } = await read([fileOf(name, '{"x":"a","y":"b"}'), wiki, more], {
      dataset: [entry, 'more'],
    });
    expect(lines).toHaveLength(3 + count);
  });

  it('keep the changes of rows that a person made', async () => {
    const edits = fileOf(
      'rows.edits.jsonl',
      '{"tunesmith_edits":1}\n{"file":"more.jsonl","record":1,"exclude":true}\n',
    );
    const { lines } = await read([more, QA, edits], { dataset: ['more'] });
    expect(lines).toEqual([2, 3].map((n) => messages(`${n}?`, `${n}`)));
  });

  it('draw by interleave_probs, in the order of the names', async () => {
    const many = fileOf(
      'many.jsonl',
      Array.from({ length: 200 }, (_, n) => `{"question":"${n}","answer":"many"}`).join('\n'),
    );
    const few = fileOf(
      'few.jsonl',
      Array.from({ length: 200 }, (_, n) => `{"question":"${n}","answer":"few"}`).join('\n'),
    );
    const change = { dataset: ['few', 'many'], mix_strategy: 'interleave_under' as const };
    const drawn = await read([many, few], { ...change, interleave_probs: [0.1, 0.9] });
    const share =
      drawn.lines.filter((line) => JSON.stringify(line).includes('few')).length / drawn.lines.length;
    // Five deviations of a draw of 200.
    expect(Math.abs(share - 0.1)).toBeLessThan(5 * Math.sqrt((0.1 * 0.9) / 200));
    const wrong = await read([many, few], { ...change, interleave_probs: [0.5] });
    expect(wrong.notes).toMatchObject([{ code: 'interleave_probs_count' }]);
  });

  it('use the first examples of each file up to max_samples, in training and evaluation', async () => {
    const { lines } = await read([more, QA], {
      max_samples: 2,
      sources: { 'qa.json': { columns: INFO.german.columns } },
    });
    expect(lines).toEqual([messages('1?', '1'), messages('2?', '2'), messages('Who?', 'Me.')]);
  });
});

it('names what its entries say, and documents for a prompt without an answer', () => {
  expect(
    readDatasetInfo(JSON.stringify({ ...INFO, wiki: { file_name: 'w.txt', columns: { prompt: 'text' } } })),
  ).toEqual([
    {
      name: 'german',
      file: 'data/qa.json',
      hub: undefined,
      options: { columns: { prompt: 'frage', response: 'antwort' } },
    },
    {
      name: 'talks',
      file: 'chat.json',
      hub: undefined,
      options: { columns: { messages: 'talk' }, tags: { role_tag: 'who', content_tag: 'says' } },
    },
    { name: 'again', file: 'chat.json', hub: undefined, options: { columns: { messages: 'other' } } },
    {
      name: 'far',
      file: undefined,
      hub: { repos: ['a/b', 'c/d'], config: undefined, split: 'test' },
      options: { columns: { prompt: 'x', response: 'y' } },
    },
    { name: 'wiki', file: 'w.txt', hub: undefined, options: { columns: { text: 'text' } } },
  ]);
  const names = ['dataset_info.json', 'data.zip/data/dataset_info.json', 'my_dataset_info.json'];
  expect(names.map(isDatasetInfo)).toEqual([true, true, false]);
});

it('rows that can not be split free the scratch file', async () => {
  const close = vi.spyOn(ParsedFiles.prototype, 'close');
  await expect(read([fileOf('a.jsonl', '{"text":"a"}\n{"text":"b"}')], { eval_split: 9 })).rejects.toThrow(
    /eval_split 9/,
  );
  expect(close).toHaveBeenCalledOnce();
});
