import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseArguments } from '../../../src/cli/arguments';
import { dataCommand } from '../../../src/cli/data';
import { createOutput } from '../../../src/cli/output';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tunesmith-data-'));
});
afterEach(() => rm(root, { recursive: true }));

const ROWS = [
  { instruction: 'Hi ', output: 'Mail jo@firma.de. ' },
  { instruction: 'Hi', output: 'Mail jo@firma.de.' },
  {
    messages: [
      { role: 'user', content: 'Hey' },
      { role: 'assistant', content: 'Ho', weight: 0 },
    ],
  },
  { instruction: 'Say', input: 'it ', output: 'It.', history: [['a ', 'b']], system: 's' },
  { text: 'A text.\u200b' },
  { nothing: 1 },
];

async function run(...more: string[]): Promise<{ out: string; notes: string }> {
  const told = { out: '', notes: '' };
  const data = more.includes('--data') ? [] : ['--data', join(root, 'rows.jsonl')];
  const args = parseArguments(dataCommand, [...data, ...more]);
  const streams = {
    out: { write: (text: string) => (told.out += text) },
    error: { write: (text: string) => (told.notes += text) },
  };
  await dataCommand.run(args, createOutput(args.flag('json'), streams));
  return told;
}

describe('tunesmith data', () => {
  const clean = (): string => join(root, 'clean.jsonl');
  const cleaned = ['--cleaning', 'strict', '--output'];
  beforeEach(() => writeFile(join(root, 'rows.jsonl'), ROWS.map((row) => JSON.stringify(row)).join('\n')));

  it('writes the rows as they are learnt, and cleans its own output without a change', async () => {
    const { out, notes } = await run(...cleaned, clean());
    const written = await readFile(clean(), 'utf8');
    expect(
      written
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Mail [EMAIL].' },
        ],
      },
      ROWS[2],
      { instruction: 'Say', input: 'it', output: 'It.', history: [['a', 'b']], system: 's' },
      { text: 'A text.' },
    ]);
    expect(out).toContain('(private_data): 1 record changed, 0 records dropped');
    expect(out).toContain('"Mail jo@firma.de." → "Mail [EMAIL]."');
    expect(out).toContain('rows.jsonl, record 2, dropped, like rows.jsonl, record 1');
    expect(notes).toContain('record 6');
    await writeFile(join(root, 'rows.jsonl'), written);
    await run('--overwrite', ...cleaned, clean());
    expect(await readFile(clean(), 'utf8')).toBe(written);
    expect(await readdir(root)).toEqual(['clean.jsonl', 'rows.jsonl']);
  });

  it('tells what it has guessed about the files', async () => {
    await writeFile(
      join(root, 'rows.jsonl'),
      Buffer.from('{"text": "Gr\u00fc\u00dfe aus K\u00f6ln"}', 'latin1'),
    );
    const { notes } = await run('--sources', '{"other.jsonl":{"weight":2}}');
    expect(notes).toContain('rows.jsonl names no encoding and was read as Windows-1252');
    expect(notes).toContain('options for other.jsonl');
  });

  it('replaces no file unless it is told to', async () => {
    await writeFile(clean(), 'mine');
    await expect(run('--output', clean())).rejects.toMatchObject({ code: 'output_file_used' });
    expect(await readFile(clean(), 'utf8')).toBe('mine');
    await expect(run('--output', root, '--overwrite')).rejects.toMatchObject({ code: 'output_file_used' });
  });

  it('writes what is trained: files for evaluation are left out, the others are mixed', async () => {
    const rows = (name: string, count: number) =>
      writeFile(
        join(root, name),
        Array.from({ length: count }, (_, at) => JSON.stringify({ text: `${name} ${at}` })).join('\n'),
      );
    await rows('a.jsonl', 4);
    await rows('b.jsonl', 10);
    await writeFile(join(root, 'test.jsonl'), '{"text":"a.jsonl 0"}\n{"text":"new"}');
    const sources = {
      'a.jsonl': { weight: 2 },
      'b.jsonl': { num_samples: 3 },
      'test.jsonl': { split: 'eval' },
    };
    const files = ['a', 'b', 'test'].map((name) => join(root, `${name}.jsonl`));
    const args = ['--data', ...files, '--sources', JSON.stringify(sources), '--output', clean()];
    const { out, notes } = await run(...args);
    expect(out).toContain('a.jsonl: 6 rows in a pass of training, 0 for evaluation');
    expect(out).toContain('test.jsonl: 0 rows in a pass of training, 2 for evaluation');
    expect(notes).toContain('1 example for training has the same content');
    const written = (await readFile(clean(), 'utf8')).trimEnd().split('\n');
    expect(written.filter((line) => line.includes('a.jsonl'))).toHaveLength(6);
    expect(written.filter((line) => line.includes('b.jsonl'))).toHaveLength(3);
    expect(written).toHaveLength(9);
    const { out: json } = await run(...args.slice(0, -1), join(root, 'again.jsonl'), '--json');
    expect(JSON.parse(json)).toMatchObject({
      rows: 9,
      held_out: 2,
      sources: [{ file: 'a.jsonl', rows: 6 }, {}, {}],
    });
    expect(await readFile(join(root, 'again.jsonl'), 'utf8')).toBe(await readFile(clean(), 'utf8'));
  });

  it('takes the steps as --clean too, and says if they drop all rows', async () => {
    const { out, notes } = await run('--clean', '{"length":{"min_answer":1000}}');
    expect(out).toContain('0 records can be used');
    expect(notes).toContain('The cleaning drops all 5 rows.');
  });

  it('reports to programs, and writes nothing without --output', async () => {
    const { out } = await run('--json', '--cleaning', '{"duplicates":{}}');
    expect(JSON.parse(out)).toMatchObject({
      rows: 4,
      cleaning: { rows: 5, kept: 4, steps: [{ step: 'duplicates', changed: 0, dropped: 1 }] },
      problems: [{ file: 'rows.jsonl', count: 1 }],
    });
    expect(await readdir(root)).toEqual(['rows.jsonl']);
  });
});
