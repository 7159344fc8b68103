import { zipSync } from 'fflate';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { allExamples } from '../../all_examples';
import { inEnglish } from '../../../../src/core/messages/english';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { memoryFile, type FileReader } from '../../../../src/core/file_reader';
import { longestOf, targetCount, tokenCount, type ExampleList } from '../../../../src/data/example_list';
import { makeDataset } from '../../../../src/session/data/dataset';
import { readJson, type ModelFolder } from '../../../../src/models/files';
import type { OpenModel } from '../../../../src/session/models/open';
import { openFolderModel } from '../../../../src/session/models/loadable';
import { openTinyFolder, openTinyModel } from '../tiny';

let model: OpenModel;
beforeAll(async () => (model = await openTinyModel()));

function fileOf(...rows: object[]): FileReader {
  const text = rows.map((row) => JSON.stringify(row)).join('\n');
  return memoryFile('rows.jsonl', new TextEncoder().encode(text));
}

const asMessages = (question: string, answer: string) => [
  { role: 'user', content: question },
  { role: 'assistant', content: answer },
];

const rows = Array.from({ length: 10 }, (_, i) => ({ instruction: `Number ${i}?`, output: `It is ${i}.` }));

describe('examples as a model sees them', () => {
  it('are never longer than the model has positions', async () => {
    const long = fileOf({ text: 'a fish in the sea '.repeat(500) }, { text: 'short' });
    const settings = { ...DEFAULTS, train_on: 'all' as const, max_seq_length: 10_000, eval_split: 0 };
    const { training, truncated, cutAt, cutBy } = await makeDataset(model, [long], settings);
    expect([cutAt, cutBy]).toEqual([512, 'model']);
    expect(longestOf(training)).toBe(512);
    expect(truncated).toBe(1);
    const shorter = await makeDataset(model, [long], { ...settings, max_seq_length: 100 });
    expect([shorter.cutAt, shorter.cutBy]).toEqual([100, 'setting']);
  });

  it('are split by eval_split and seed, and counted', async () => {
    const { examples, training, heldOut } = await makeDataset(model, [fileOf(...rows)], {
      ...DEFAULTS,
      eval_split: 0.2,
    });
    expect([examples.length, training.length, heldOut.length]).toEqual([10, 8, 2]);
    expect(tokenCount(training) + tokenCount(heldOut)).toBe(tokenCount(examples));
    const targets = targetCount(examples);
    expect(targets).toBeGreaterThan(0);
    expect(targets).toBeLessThan(tokenCount(examples));
  });

  it('have the weights of their rows, which are told and flagged', async () => {
    const weighted = rows.map((row, i) => (i < 3 ? { ...row, weight: 2 } : row));
    const settings = { ...DEFAULTS, eval_split: 0 };
    const dataset = await makeDataset(model, [fileOf(...weighted)], settings);
    const plain = await makeDataset(model, [fileOf(...rows)], settings);
    expect((await dataset.training.at(2)).weights).toContain(2);
    expect(await dataset.training.at(3)).toEqual(await plain.training.at(3));
    expect(targetCount(dataset.training)).toBe(targetCount(plain.training));
    expect(dataset.notes).toContainEqual({ code: 'examples_weighted', values: { weighted: 3 } });
    const { rows: found } = await dataset.table.page({ flag: 'weighted' }, 0, 10);
    expect(found.map(({ row }) => row)).toEqual([0, 1, 2]);
  });

  it('say why none of them is left to train on, and are shown all the same', async () => {
    const file = (name: string, ...given: object[]) => ({ ...fileOf(...given), name });
    const evaluated = { sources: { 'test.jsonl': { split: 'eval' as const } } };
    const made = (files: FileReader[], change: Partial<typeof DEFAULTS>) =>
      makeDataset(model, files, { ...DEFAULTS, ...change });
    const all = await made([file('test.jsonl', ...rows)], evaluated);
    expect([all.obstacle?.code, all.heldOut.length, all.sources[0]?.heldOut]).toEqual([
      'all_for_evaluation',
      10,
      10,
    ]);
    const leaked = await made([file('a.jsonl', ...rows), file('test.jsonl', ...rows)], {
      ...evaluated,
      eval_split: 0,
    });
    expect(leaked.obstacle?.message).toContain('all 10 have the same content as an example for evaluation');
    const dropped = await made([fileOf(...rows)], { cleaning: { length: { min_answer: 99 } as never } });
    expect([dropped.obstacle?.code, dropped.cleaning?.kept, dropped.table.length]).toEqual([
      'all_dropped',
      0,
      10,
    ]);
    expect((await made([fileOf(...rows)], {})).obstacle).toBeUndefined();
  });

  it('are used as the options of their own file say, in archives of one name too', async () => {
    const text = (from: number, to: number) =>
      new TextEncoder().encode(
        rows
          .slice(from, to)
          .map((row) => JSON.stringify(row))
          .join('\n'),
      );
    const zip = (name: string, from: number) =>
      memoryFile(name, zipSync({ 'in/a.jsonl': text(from, from + 2), 'b.jsonl': text(from + 2, from + 3) }));
    const { sources, notes } = await makeDataset(
      model,
      [zip('x.zip', 0), zip('x (2).zip', 3), memoryFile('in/a.jsonl', text(6, 8))],
      {
        ...DEFAULTS,
        eval_split: 0,
        sources: {
          'x.zip/in/a.jsonl': { split: 'eval' },
          'x (2).zip/b.jsonl': { weight: 3 },
          'in/a.jsonl': { num_samples: 1 },
        },
      },
    );
    expect(sources.map(({ name, trained, heldOut }) => [name, trained, heldOut])).toEqual([
      ['x.zip/b.jsonl', 1, 0],
      ['x.zip/in/a.jsonl', 0, 2],
      ['x (2).zip/b.jsonl', 3, 0],
      ['x (2).zip/in/a.jsonl', 2, 0],
      ['in/a.jsonl', 1, 0],
    ]);
    expect(notes.map(({ code }) => code)).not.toContain('sources_unknown');
  });

  it('have a hash that follows the files and the settings that matter', async () => {
    const hash = async (change: Partial<typeof DEFAULTS>, ...files: object[]): Promise<string> =>
      (await makeDataset(model, [fileOf(...files)], { ...DEFAULTS, ...change })).hash;
    const original = await hash({}, ...rows);
    expect(await hash({ learning_rate: 1e-5 }, ...rows)).toBe(original);
    expect(await hash({ train_on: 'all' }, ...rows)).not.toBe(original);
    expect(await hash({ seed: 1 }, ...rows)).not.toBe(original);
    expect(await hash({}, ...rows.slice(1))).not.toBe(original);
    // Checkpoints hold it: with another, no run of an earlier version could go on.
    expect(original).toBe('de6e7531f0fb6727d0993f300c499e666f2c8365cd4c195c5fdc6102ff3d77b2');
  });

  it('have their placeholders filled, and told as long as they stand in many records', async () => {
    const asked = Array.from({ length: 20 }, (_, i) => ({
      instruction: `Who are you, ${i}?`,
      output: i === 0 ? 'I am {{ name }}, by {{author}}. {{once}}' : 'I am {{name}}.',
    }));
    const more = [...asked, ...asked.slice(1).map((row) => ({ ...row, output: 'Made by {{author}}.' }))];
    const set = async (placeholders: Record<string, string>) =>
      await makeDataset(model, [fileOf(...more)], { ...DEFAULTS, eval_split: 0, placeholders });
    const open = await set({});
    expect(open.placeholders).toEqual([
      { name: 'name', records: 20 },
      { name: 'author', records: 20 },
    ]);
    const textOf = async ({ examples }: typeof open) =>
      model.tokenizer.decode([...(await examples.at(0)).ids]);
    expect(await textOf(open)).toContain('I am {{ name }}, by {{author}}. {{once}}');
    const named = await set({ name: 'Ada $1' });
    expect(await textOf(named)).toContain('I am Ada $1, by {{author}}. {{once}}');
    expect(named.placeholders).toEqual(open.placeholders);
    expect(named.hash).not.toBe(open.hash);
    expect((await set({})).hash).toBe(open.hash);
    expect((await set({ once: 'Now.' })).placeholders).toContainEqual({ name: 'once', records: 1 });
  });

  describe('of several files', () => {
    const named = (name: string, from: number, count: number): FileReader => {
      const lines = Array.from({ length: count }, (_, i) =>
        JSON.stringify({ instruction: `Number ${from + i}?`, output: `It is ${from + i}.` }),
      );
      return memoryFile(name, new TextEncoder().encode(lines.join('\n')));
    };
    const textsOf = async (list: ExampleList): Promise<string[]> =>
      (await allExamples(list)).map(({ ids }) => model.tokenizer.decode([...ids]));

    it('are held out as their options say, and mixed by their weights', async () => {
      const files = [named('a.jsonl', 0, 8), named('b.jsonl', 100, 4)];
      const settings = { ...DEFAULTS, eval_split: 0 };
      const sources = { 'a.jsonl': { weight: 2 }, 'b.jsonl': { split: 'eval' } } as const;
      const dataset = await makeDataset(model, files, { ...settings, sources });
      const { training, heldOut } = dataset;
      expect([training.length, heldOut.length]).toEqual([16, 4]);
      expect((await textsOf(heldOut)).every((text) => text.includes('It is 10'))).toBe(true);
      const read: boolean[] = [];
      for await (const { heldOut } of dataset.samples()) read.push(heldOut);
      expect(read).toEqual([...Array<boolean>(16).fill(false), ...Array<boolean>(4).fill(true)]);
    });

    it('never train on the content of a held-out example', async () => {
      const files = [named('a.jsonl', 0, 8), named('b.jsonl', 6, 4)];
      const settings = { ...DEFAULTS, eval_split: 0, sources: { 'b.jsonl': { split: 'eval' as const } } };
      const { training, notes, hash } = await makeDataset(model, files, settings);
      expect(training.length).toBe(6);
      expect(notes.map(inEnglish).join()).toContain('2 examples for training have the same content');
      expect((await textsOf(training)).join()).not.toContain('It is 6.');
      const whole = await makeDataset(model, [named('a.jsonl', 0, 6), files[1]!], settings);
      expect(whole.hash).not.toBe(hash);
      // Nor on one that num_samples leaves out of the evaluation.
      const some = { ...settings, sources: { 'b.jsonl': { split: 'eval' as const, num_samples: 3 } } };
      const sampled = await makeDataset(model, files, some);
      expect([sampled.training.length, sampled.heldOut.length]).toEqual([6, 3]);
    });

    it('get the system message of their file unless they have one', async () => {
      const own = { messages: [{ role: 'system', content: 'mine' }, ...asMessages('Hi', 'Ho')] };
      const file = fileOf({ messages: asMessages('Hi', 'Ho') }, own, { text: 'plain' });
      const sources = { 'rows.jsonl': { default_system: 'theirs' } };
      const dataset = await makeDataset(model, [file], { ...DEFAULTS, eval_split: 0, sources });
      const systems: (string | undefined)[] = [];
      for await (const { sample } of dataset.samples()) {
        systems.push(sample.kind === 'chat' ? sample.messages[0]?.content : undefined);
      }
      expect(systems).toEqual(['theirs', 'mine', undefined]);
    });

    it('are told if the options name a file that is not there', async () => {
      const sources = { 'c.jsonl': { weight: 2 } };
      const { notes } = await makeDataset(model, [named('a.jsonl', 0, 8)], { ...DEFAULTS, sources });
      expect(notes.map(inEnglish).join()).toContain('c.jsonl');
    });
  });

  it('are cleaned as the setting says, and read again in the same form', async () => {
    const file = fileOf(
      { instruction: 'Hi ', output: 'Ho.\r\nHa. ' },
      { instruction: 'Hi', output: 'Ho.\nHa.' },
      { instruction: 'Hi', output: 'No.' },
    );
    const settings = { ...DEFAULTS, eval_split: 0 };
    const plain = await makeDataset(model, [file], settings);
    expect([plain.examples.length, plain.cleaning]).toEqual([3, undefined]);
    const dataset = await makeDataset(model, [file], { ...settings, cleaning: 'light' });
    expect(dataset.cleaning).toMatchObject({ rows: 3, kept: 2 });
    expect(dataset.notes.map(inEnglish).join()).toContain(
      '(duplicates): 0 records changed, 1 record dropped',
    );
    const answers: unknown[] = [];
    for await (const { sample } of dataset.samples()) {
      answers.push(sample.kind === 'chat' && sample.messages[1]?.content);
    }
    expect(answers).toEqual(['Ho.\nHa.', 'No.']);
    expect(model.tokenizer.decode([...(await dataset.examples.at(0)).ids])).toContain('Ho.\nHa.');
    const key = dataset.key.slice(plain.key.length);
    expect(key).toBe('{"cleaning":"light"}');
    expect(dataset.hash).not.toBe(plain.hash);
  });

  it('never come from compared or judged answers, whose number is told', async () => {
    const compared = { prompt: 'Who?', chosen: 'A pirate.', rejected: 'A cat.' };
    const judged = { instruction: 'Who?', output: 'A cat.', label: false };
    const { examples, problems, notes } = await makeDataset(
      model,
      [fileOf(compared, rows[0]!, judged, rows[1]!, judged)],
      { ...DEFAULTS, eval_split: 0 },
    );
    expect(problems).toEqual([]);
    expect(examples).toHaveLength(2);
    expect(model.tokenizer.decode([...(await examples.at(1)).ids])).toContain('Number 1?');
    expect(notes.map((note) => inEnglish(note)).join()).toContain(
      '1 record with a better and a worse answer and 2 records with an answer that is marked',
    );
  });

  it('are read by the columns that are named for their file', async () => {
    const columns = { prompt: 'Frage', response: 'Antwort' };
    const named = fileOf({ Frage: 'Who?', Antwort: 'A pirate.', output: 'A cat.' });
    const settings = { ...DEFAULTS, eval_split: 0, sources: { 'rows.jsonl': { columns } } };
    const { examples } = await makeDataset(model, [named], settings);
    expect(model.tokenizer.decode([...(await examples.at(0)).ids])).toContain('A pirate.');
  });

  it('are missed with their columns and a guess if the columns are not recognised', async () => {
    const odd = fileOf({ Ask: 'Who?', Reply: 'Me.' }, { Ask: 'What?', Reply: 'That.' });
    const missed = await makeDataset(model, [odd], DEFAULTS);
    const columns = { prompt: 'Ask', response: 'Reply' };
    expect(missed.sources).toMatchObject([
      { columns: [{ name: 'Ask', sample: 'Who?' }, { name: 'Reply' }], guess: { columns }, unrecognised: 2 },
    ]);
    const told = JSON.stringify({ 'rows.jsonl': { columns } });
    expect(missed.notes.map((note) => inEnglish(note)).join()).toContain(told);
    const named = { ...columns, query: 'Extra' };
    const { examples, notes } = await makeDataset(model, [odd], {
      ...DEFAULTS,
      eval_split: 0,
      sources: { 'rows.jsonl': { columns: named } },
    });
    expect(examples).toHaveLength(2);
    expect(notes.map((note) => inEnglish(note)).join()).toMatch(/do not have: Extra\./);
  });

  it('report what can not be used and go on', async () => {
    const { examples, problems } = await makeDataset(
      model,
      [fileOf(...rows, { question: 'What?' })],
      DEFAULTS,
    );
    expect(examples).toHaveLength(10);
    expect(problems).toMatchObject([{ file: 'rows.jsonl', count: 1, places: [{ record: 11 }] }]);
  });
});

async function folderWith(
  name: string,
  change: (file: FileReader) => Promise<Uint8Array>,
): Promise<ModelFolder> {
  const folder = await openTinyFolder();
  return new Map([...folder, [name, memoryFile(name, await change(folder.get(name)!))]]);
}

const identity = { name: 'changed', source: 'files' as const };
const opened = async (folder: ModelFolder): Promise<OpenModel> =>
  (await openFolderModel(folder, identity, DEFAULTS)).open;
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe('a model that examples are made for', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('writes the same tokens on every day, though its template tells the date', async () => {
    const template =
      "{{ strftime_now('%d %b %Y') }}{% for message in messages %}|{{ message.content }}{% endfor %}" +
      '{% if add_generation_prompt %}|{% endif %}';
    const folder = await folderWith('tokenizer_config.json', async (file) =>
      json({ ...((await readJson(file)) as object), chat_template: template }),
    );
    const on = async (day: string): Promise<readonly (readonly number[])[]> => {
      vi.useFakeTimers({ now: new Date(day), toFake: ['Date'] });
      const { examples } = await makeDataset(await opened(folder), [fileOf(...rows)], DEFAULTS);
      return (await allExamples(examples)).map(({ ids }) => [...ids]);
    };
    const first = await on('2026-01-31T12:00:00');
    expect(first).toHaveLength(10);
    expect(await on('2026-11-02T12:00:00')).toEqual(first);
  });

  it('refuses text whose tokens it has no embedding for, and takes the rest', async () => {
    const { vocabularySize } = model.facts.spec;
    const folder = await folderWith('tokenizer.json', async (file) => {
      const tokenizer = (await readJson(file)) as { added_tokens: object[] };
      const added = { ...tokenizer.added_tokens[0], id: vocabularySize, content: '<beyond>' };
      return json({ ...tokenizer, added_tokens: [...tokenizer.added_tokens, added] });
    });
    const known = await opened(folder);
    const row = { instruction: 'What is <beyond>?', output: 'Nothing.' };
    const { examples, problems } = await makeDataset(known, [fileOf(...rows, row)], DEFAULTS);
    expect(examples).toHaveLength(10);
    expect(problems).toMatchObject([{ places: [{ record: 11 }], reason: { values: { text: '<beyond>' } } }]);
  });

  it('has a hash that follows its weights', async () => {
    const folder = await folderWith('model.safetensors', async (file) => {
      const bytes = await file.read(0, file.size);
      for (let at = file.size >> 1; at < file.size; at += 2) bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes;
    });
    expect((await opened(folder)).hash).not.toBe(model.hash);
  });
});

describe('a long file', () => {
  const long = fileOf(...Array.from({ length: 150 }, () => ({ text: 'a fish in the sea '.repeat(40) })));

  /** Each look at the clock is a fifth of a slice after the one before. */
  function passTime(): void {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 10));
  }

  it('lets others have their turn while it is tokenised, and makes the same examples', async () => {
    passTime();
    let turns = 0;
    const takeTurn = (): void => {
      turns++;
      immediate = setImmediate(takeTurn);
    };
    let immediate = setImmediate(takeTurn);
    const told: number[] = [];
    const onProgress = (fraction: number): void => void told.push(fraction);
    const whole = await makeDataset(model, [long], DEFAULTS, { onProgress });
    clearImmediate(immediate);
    vi.restoreAllMocks();
    expect(turns).toBeGreaterThan(0);
    expect(told.length).toBeGreaterThan(0);
    expect(told.toSorted((a, b) => a - b)).toEqual(told);
    const again = await makeDataset(model, [long], DEFAULTS);
    expect(again.hash).toBe(whole.hash);
    expect(await allExamples(again.training)).toEqual(await allExamples(whole.training));
  });

  it('is left off when it is asked to', async () => {
    passTime();
    const stop = new AbortController();
    const onProgress = (): void => stop.abort();
    const made = makeDataset(model, [long], DEFAULTS, { onProgress, signal: stop.signal });
    await expect(made).rejects.toThrow(/abort/);
  });
});
