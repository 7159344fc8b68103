import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { requireDatasetReference } from '../../../src/core/dataset_reference';
import { downloadRows } from '../../../src/hub/datasets/download';
import { chosenSplit, listDataset } from '../../../src/hub/datasets/listing';
import { searchDatasets } from '../../../src/hub/datasets/search';
import { GROUP_ROWS, SAILORS, SHARD_ROWS, SHARDS } from '../../hub/dataset';
import { faultOf, type FaultKind } from '../../hub/faults';
import { startHub, type RunningHub } from '../../hub/server';
import { told } from '../told';
import { hubAt } from './world';

const SHARD = SHARDS[0]!;
const lines = (count: number): string =>
  Array.from({ length: count }, (_, row) => `{"text":"${row}"}\n`).join('');
const LONG = Array.from({ length: 9000 }, (_, row) => `{"text":"${`${row} `.repeat(200)}"}\n`).join('');

let server: RunningHub;
beforeAll(async () => {
  const dataset = (repo: string, files: Readonly<Record<string, Uint8Array | string>>) => ({
    repo,
    kind: 'dataset' as const,
    files,
  });
  server = await startHub({
    models: [
      SAILORS,
      dataset('a/long', { 'train.jsonl': LONG }),
      dataset('a/packed', { 'train.jsonl.gz': new Uint8Array(gzipSync(lines(5))) }),
      dataset('a/faulty', { 'train.jsonl': `${lines(2)}{"text": tru}\n${lines(1)}` }),
      dataset('a/broken', { 'train.parquet': 'PAR1 and then nothing' }),
      dataset('a/text', { 'train.txt': 'One.\r\n\nThree.\n{"text":"four"}\n' }),
      dataset('a/tars', { 'train.tar': 'x' }),
      {
        ...dataset('a/script', { 'script.py': '', 'raw.txt': 'x' }),
        branches: {
          'refs/convert/parquet': { 'en/train/0000.parquet': SHARD, 'en/partial-test/0000.parquet': SHARD },
        },
      },
      { ...dataset('a/locked', { 'train.jsonl': lines(1) }), token: 'secret' },
    ],
  });
});
afterEach(() => {
  server.faults = undefined;
  server.requests.length = 0;
});
afterAll(() => server.close());

async function rowsOf(name: string) {
  const reference = requireDatasetReference(name);
  const hub = hubAt(server.url);
  const dataset = await listDataset(hub, reference);
  const { slice = { unit: 'rows' as const } } = reference;
  const { content, ...file } = await downloadRows(hub, dataset, chosenSplit(dataset, reference), slice);
  const texts = (await content.text()).split('\n').slice(0, -1);
  return { ...file, texts, commit: dataset.commit };
}
const firsts = (texts: readonly string[]) =>
  texts.map((text) => Number(/sailor (\d+)/.exec(text)?.[1] ?? /(\d+)/.exec(text)?.[1]));
const count = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

describe('a data set of Parquet files', () => {
  it('is described without reading them', async () => {
    const dataset = await listDataset(hubAt(server.url), { repo: SAILORS.repo });
    expect(dataset).toMatchObject({ license: 'cc-by-4.0', gated: false, converted: false });
    expect(dataset.configs).toMatchObject([
      {
        name: 'default',
        splits: [
          { name: 'train', rows: 2000, files: [{}, {}] },
          { name: 'test', files: [{}] },
        ],
      },
    ]);
    expect(server.requests.some(({ url }) => url.includes('.parquet'))).toBe(false);
  });

  it('gives the first rows for the bytes of their row groups', async () => {
    const { texts, rows, bytes, name, commit } = await rowsOf('ships/sailors,train[:60]');
    expect(firsts(texts)).toEqual(count(0, 60));
    expect(texts[1]).toContain('"id":9007199254740994');
    expect([rows, name]).toEqual([60, `ships--sailors@${commit.slice(0, 7)}.train[:60].jsonl`]);
    // Two of the 20 row groups, and the footer, of which 64 KiB are asked for at first.
    expect(bytes).toBeLessThan((SHARD.length * 2 * GROUP_ROWS) / SHARD_ROWS + 2 ** 16 + 2 ** 14);
    expect(server.requests.some(({ url }) => url.includes('train-00001'))).toBe(false);
  });

  it.each([
    ['[990:1010]', 990, 1010],
    ['[-3:]', 1997, 2000],
    ['[50%:51%]', 1000, 1020],
  ])('gives rows from the middle and the end: %s', async (slice, from, to) => {
    const { texts } = await rowsOf(`ships/sailors${slice}`);
    expect(firsts(texts)).toEqual(count(from, to));
  });

  it('gives all rows of a split', async () => {
    expect(firsts((await rowsOf('ships/sailors')).texts)).toEqual(count(0, 2000));
  });

  it.each<FaultKind>(['too_many_requests', 'unavailable', 'cut', 'short', 'wrong_range', 'expired'])(
    'overcomes a fault of the line: %s',
    async (kind) => {
      server.faults = faultOf(kind, 'data/train-00000-of-00002.parquet');
      expect(firsts((await rowsOf('ships/sailors[:3]')).texts)).toEqual([0, 1, 2]);
    },
  );

  it.each<[FaultKind, string]>([
    ['ignored_range', 'endpoint_no_ranges'],
    ['other_commit', 'download_changed'],
    ['wrong_length', 'download_changed'],
  ])('refuses other bytes than were listed: %s', async (kind, code) => {
    server.faults = faultOf(kind, 'data/train-00000-of-00002.parquet', Infinity);
    await expect(rowsOf('ships/sailors[:3]')).rejects.toMatchObject({ code });
  });
});

describe('other data sets', () => {
  it('of JSON Lines stop being read once there are enough rows', async () => {
    const { texts, bytes } = await rowsOf('a/long[10:20]');
    expect(firsts(texts)).toEqual(count(10, 20));
    expect(bytes).toBeLessThan(LONG.length / 8);
    expect(firsts((await rowsOf('a/long[-2:]')).texts)).toEqual([8998, 8999]);
  });

  it('that are packed are unpacked, with exact numbers', async () => {
    expect(firsts((await rowsOf('a/packed[1:3]')).texts)).toEqual([1, 2]);
    expect((await rowsOf('ships/sailors,test[:1]')).texts[0]).toContain('"id":9007199254740993');
  });

  it('of texts have a row a line', async () => {
    const texts = ['One.', '', 'Three.', '{"text":"four"}'].map((text) => JSON.stringify({ text }));
    expect((await rowsOf('a/text')).texts).toEqual(texts);
    expect((await rowsOf('a/text[2:3]')).texts).toEqual([texts[2]]);
  });

  it('that a program makes are read from the Hub’s Parquet copy', async () => {
    const dataset = await listDataset(hubAt(server.url), { repo: 'a/script' });
    expect(dataset.converted).toBe(true);
    const { texts, notes } = await rowsOf('a/script,en,train[:2]');
    expect([firsts(texts), notes]).toEqual([[0, 1], []]);
    expect((await rowsOf('a/script,en,test[:2]')).notes).toMatchObject([{ code: 'dataset_part' }]);
  });

  it('leave out rows that can’t be read, and count them', async () => {
    const { texts, notes } = await rowsOf('a/faulty');
    expect(texts).toHaveLength(3);
    expect(notes).toMatchObject([{ code: 'dataset_rows_left', values: { rows: 1 } }]);
  });

  it.each([
    ['a/none', 'repository_not_found', /no data set a\/none/],
    ['a/tars', 'dataset_unreadable', /no files that Tunesmith can read/],
    ['a/broken', 'dataset_file', /train\.parquet/],
    ['a/locked', 'repository_gated', /\/datasets\/a\/locked/],
    ['ships/sailors,dev', 'dataset_split_unknown', /train and test/],
    ['ships/sailors[5000:]', 'dataset_no_rows', /has 2,000 rows/],
    ['ships/sailors@v9', 'revision_not_found', /v9/],
  ])('say what is wrong: %s', async (name, code, words) => {
    const error: unknown = await rowsOf(name).catch((thrown: unknown) => thrown);
    expect(told(error)).toMatchObject({ code });
    const { message, hint } = told(error);
    expect(`${message} ${hint}`).toMatch(words);
  });

  it('are read from ModelScope’s addresses', async () => {
    const asked: string[] = [];
    const hub = hubAt('https://www.modelscope.cn', {
      fetch: (input, init) => {
        asked.push(input as string);
        return fetch((input as string).replace('https://www.modelscope.cn', server.url), init);
      },
    });
    const dataset = await listDataset(hub, { repo: SAILORS.repo });
    expect(dataset.license).toBe('cc-by-4.0');
    const chosen = chosenSplit(dataset, { repo: SAILORS.repo, split: 'test' });
    const { rows } = await downloadRows(hub, dataset, chosen, { unit: 'rows', end: 2 });
    expect(rows).toBe(2);
    const address = `https://www.modelscope.cn/api/v1/datasets/${SAILORS.repo}/repo`;
    expect(asked.map((each) => each.split('?')[0])).toEqual([`${address}/tree`, address, address]);
    await expect(searchDatasets(hub, 'a')).rejects.toMatchObject({ code: 'search_not_offered' });
  });

  it('stop at a signal', async () => {
    const hub = hubAt(server.url);
    const dataset = await listDataset(hub, { repo: SAILORS.repo });
    const stop = new AbortController();
    const running = downloadRows(
      hub,
      dataset,
      chosenSplit(dataset, { repo: SAILORS.repo }),
      { unit: 'rows' },
      {
        signal: stop.signal,
        onProgress: () => stop.abort(),
      },
    );
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('are found by words of their names', async () => {
    expect(await searchDatasets(hubAt(server.url), 'sail')).toEqual([
      { repo: 'ships/sailors', license: 'cc-by-4.0', gated: false, downloads: 7 },
    ]);
  });
});
