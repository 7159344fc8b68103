import { beforeAll, describe, expect, it, vi } from 'vitest';
import { memoryFile, type FileReader } from '../../../../src/core/file_reader';
import { DEFAULTS, type TrainSettings } from '../../../../src/core/settings/settings';
import { editsText, type AddedRecord, type Edits, type RecordEdit } from '../../../../src/data/edits';
import { makeDataset, type Dataset } from '../../../../src/session/data/dataset';
import { dataReport } from '../../../../src/session/reports';
import type { OpenModel } from '../../../../src/session/models/open';
import { allExamples } from '../../all_examples';
import { scratchFile } from '../../data/scratch';
import { openTinyModel } from '../tiny';

let model: OpenModel;
beforeAll(async () => (model = await openTinyModel()));

/** Whole numbers below a bound, from a seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

/** Rows of all kinds: good, equal, to be cleaned, with placeholders, cut, compared, judged and wrong. */
const KINDS: readonly ((n: number) => unknown)[] = [
  (n) => ({ instruction: `Number ${n}?`, output: `It is ${n}.` }),
  (n) => ({ instruction: `Number ${n % 3}?`, output: ` It is ${n % 3}. ` }),
  (n) => ({ instruction: `Who wrote ${n}?`, output: 'By {{author}}.\u0000' }),
  (n) => ({ text: `a fish in the sea ${n} `.repeat(20) }),
  (n) => ({ text: `many small birds sing a loud song near the old house ${n % 5}` }),
  (n) => ({ prompt: `Which ${n}?`, chosen: 'This.', rejected: 'That.' }),
  (n) => ({ prompt: `Good ${n}?`, completion: 'Yes.', label: n % 2 === 0 }),
  (n) => ({ unknown: n }),
];

function fileOf(name: string, lines: readonly string[]): FileReader {
  return memoryFile(name, new TextEncoder().encode(lines.join('\n')));
}

function randomFile(name: string, rows: number, draw: (below: number) => number): FileReader {
  const line = (_: unknown, n: number): string =>
    draw(12) === 0 ? '{"broken' : JSON.stringify(KINDS[draw(KINDS.length)]!(n));
  return fileOf(name, Array.from({ length: rows }, line));
}

function editedFile(edits: Edits): FileReader {
  return memoryFile('changes.jsonl', new TextEncoder().encode(editsText(edits)));
}

/** Everything that a data set tells. */
async function contentOf(dataset: Dataset): Promise<unknown> {
  const { rows } = await dataset.table.page({}, 0, 1000);
  const details = await Promise.all(rows.map(({ row }) => dataset.table.detail(row)));
  const samples: unknown[] = [];
  for await (const sample of dataset.samples()) samples.push(sample);
  return {
    report: dataReport(dataset),
    rows,
    details,
    hash: dataset.hash,
    origins: dataset.origins,
    examples: await allExamples(dataset.examples),
    training: await allExamples(dataset.training),
    heldOut: await allExamples(dataset.heldOut),
    samples,
  };
}

describe('a data set that takes over from a former one', () => {
  it.each([
    ['no cleaning', {}],
    ['placeholders', { placeholders: { author: 'Ada' } }],
    ['the light cleaning', { cleaning: 'light' }],
    ['the strict cleaning', { cleaning: 'strict' }],
    ['other steps', { cleaning: { spaces: {}, length: { min_answer: 5 }, near_duplicates: {} } }],
    ['packing', { packing: true, objective: 'pt' }],
  ] as const)('is what reading anew gives, with %s', async (_, changes) => {
    const draw = numbers(7);
    const files = [
      randomFile('a.jsonl', 30, draw),
      randomFile('b.json', 8, draw),
      randomFile('c.jsonl', 14, draw),
    ];
    const settings = { ...DEFAULTS, max_seq_length: 64, ...changes } as TrainSettings;
    let edits: Edits = { records: [], added: [] };
    let former = await makeDataset(model, files, settings);
    for (let step = 0; step < 8; step++) {
      edits = randomEdits(edits, draw);
      const given = [...files, editedFile(edits)];
      const now = step % 4 === 3 ? { ...settings, seed: step, max_seq_length: 60 } : settings;
      const next = await makeDataset(model, given, now, { former });
      expect(await contentOf(next)).toEqual(await contentOf(await makeDataset(model, given, now)));
      await former.close();
      former = next;
    }
  });

  it('counts the rows without placeholders too', async () => {
    const row = (n: number) => ({ instruction: `Number ${n}?`, output: n < 3 ? 'By {{author}}.' : 'Three.' });
    const rows = (count: number) =>
      fileOf(
        'a.jsonl',
        Array.from({ length: count }, (_, n) => JSON.stringify(row(n))),
      );
    const file = rows(400);
    const former = await makeDataset(model, [file], DEFAULTS);
    const edits = editedFile({ records: [{ file: 'a.jsonl', record: 9, exclude: true }], added: [] });
    const { placeholders } = await makeDataset(model, [file, edits], DEFAULTS, { former });
    // Three of 399 are few.
    expect([former.placeholders, placeholders]).toEqual([[], []]);
    const known = [{ name: 'author', records: 3 }];
    expect((await makeDataset(model, [rows(300)], DEFAULTS, { former })).placeholders).toEqual(known);
  });

  it('makes no example again for the first option that only chooses among them', async () => {
    const file = randomFile('a.jsonl', 20, numbers(5));
    const former = await makeDataset(model, [file], DEFAULTS);
    const settings = { ...DEFAULTS, sources: { 'a.jsonl': { weight: 2 } } };
    const weighted = await makeDataset(model, [file], settings, { former });
    expect(await weighted.examples.at(0)).toBe(await former.examples.at(0));
  });

  it('tells its progress through records that are not parsed again', async () => {
    const file = randomFile('a.jsonl', 40, numbers(6));
    const former = await makeDataset(model, [file], DEFAULTS);
    const told: number[] = [];
    let now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 60));
    const options = { former, onProgress: (share: number) => void told.push(share) };
    await makeDataset(model, [file], { ...DEFAULTS, max_seq_length: 32 }, options);
    vi.restoreAllMocks();
    expect(told[20]).toBeCloseTo(20 / 40);
    expect(told.every((share) => share <= 1)).toBe(true);
  });

  it('reads no file again but the edits, if no file is new', async () => {
    const draw = numbers(3);
    const counted = (file: FileReader) => {
      const reads = { count: 0 };
      const read: FileReader['read'] = (begin, end) => (reads.count++, file.read(begin, end));
      return { reads, file: { ...file, read } };
    };
    const [a, b] = [counted(randomFile('a.jsonl', 20, draw)), counted(randomFile('b.jsonl', 20, draw))];
    const scratch = scratchFile();
    const options = { scratch: () => Promise.resolve(scratch) };
    const first = await makeDataset(model, [a.file, b.file], DEFAULTS, options);
    const known = [a.reads.count, b.reads.count];
    const edits = editedFile({ records: [{ file: 'a.jsonl', record: 2, exclude: true }], added: [] });
    const second = await makeDataset(model, [b.file, edits], DEFAULTS, { ...options, former: first });
    await first.close();
    // The beginning of a file tells whether it holds edits.
    expect([a.reads.count, b.reads.count - 1]).toEqual(known);
    const other = { ...DEFAULTS, sources: { 'b.jsonl': { encoding: 'gb18030' } } };
    const third = await makeDataset(model, [b.file], other, { ...options, former: second });
    expect(b.reads.count).toBeGreaterThan(known[1]! + 2);
    expect(await contentOf(third)).toEqual(await contentOf(await makeDataset(model, [b.file], other)));
    await second.close();
  });
});

function randomEdits({ records, added }: Edits, draw: (below: number) => number): Edits {
  const file = ['a.jsonl', 'b.json', 'c.jsonl'][draw(3)]!;
  const record = 1 + draw(14);
  const value = KINDS[draw(KINDS.length)]!(draw(20)) as AddedRecord['value'];
  const kinds: readonly Partial<RecordEdit>[] = [{ exclude: true }, { evaluate: true }, { value }, {}];
  const change = kinds[draw(kinds.length)]!;
  const others = records.filter((each) => each.file !== file || each.record !== record);
  const more = Object.keys(change).length > 0 ? [{ file, record, ...change }] : [];
  const proposed = draw(2) === 0 ? {} : { proposed: true as const };
  const origin = draw(2) === 0 ? {} : { origin: 'a program', ...proposed };
  const kept = draw(3) === 0 ? added.slice(1) : added;
  return { records: [...others, ...more], added: draw(2) === 0 ? [...kept, { value, ...origin }] : kept };
}
