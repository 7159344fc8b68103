import { describe, expect, it } from 'vitest';
import { memoryFile, type FileReader } from '../../../../src/core/file_reader';
import { DEFAULTS, type TrainSettings } from '../../../../src/core/settings/settings';
import { isDatasetInfo, readDatasetInfo } from '../../../../src/data/dataset_info';
import { cleanRows } from '../../../../src/session/data/clean_rows';

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
  far: { hf_hub_url: 'a/b', ms_hub_url: 'c/d', num_samples: 5 },
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
    expect(notes).toEqual([
      { code: 'dataset_info_used', values: { file: 'dataset_info.json', names: ['german', 'talks'] } },
    ]);
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
      hub: { huggingFace: 'a/b', modelScope: 'c/d' },
      options: { num_samples: 5 },
    },
    { name: 'wiki', file: 'w.txt', hub: undefined, options: { columns: { text: 'text' } } },
  ]);
  const names = ['dataset_info.json', 'data.zip/data/dataset_info.json', 'my_dataset_info.json'];
  expect(names.map(isDatasetInfo)).toEqual([true, true, false]);
});
