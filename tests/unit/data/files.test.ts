import { inEnglish } from '../../../src/core/messages/english';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jsonOf } from '../../../src/data/jinja/json_of';
import { fromJson } from '../../../src/data/jinja/values';
import { read } from './read_file';

interface OddFile {
  readonly name: string;
  readonly bytes: string;
  readonly records: readonly string[] | null;
  readonly datasets: number | null;
}
const oddFiles = JSON.parse(
  readFileSync(new URL('../../data/odd_files.json', import.meta.url), 'utf8'),
) as OddFile[];

describe('files of examples', () => {
  it.each(oddFiles.map((file) => [file.name, file] as const))(
    '%s holds what Python reads of it',
    async (_, file) => {
      const { values, faults, refused } = await read(file.name, Buffer.from(file.bytes, 'base64'));
      if (file.records === null) {
        expect(refused ?? faults[0]).toBeDefined();
        return;
      }
      expect([faults, refused]).toEqual([[], undefined]);
      expect(values.map((value) => jsonOf(fromJson(value)))).toEqual(file.records);
      if (file.datasets !== null) expect(values).toHaveLength(file.datasets);
    },
  );

  it.each([
    ['\u00ff\u00d8\u00ff\u00e0', /a picture \(JPEG\)/],
    ['\u0089PNG\r\n', /a picture \(PNG\)/],
    ['%PDF-1.7', /PDF/],
    ['\u00e0\u0001\0\0\0\0\0\0{"a"', /weights \(safetensors\), not examples/],
    ['<!DOCTYPE html><p>', /web page/],
    ['version https://git-lfs.github.com/spec/v1\n', /git lfs pull/],
    [`a.jsonl${'\0'.repeat(250)}ustar`, /an archive/],
    ['Remember the milk', /not a JSON list, JSON Lines .* or a CSV table/],
    ['', /empty/],
    [' \n', /empty/],
    ['[]', /list of records is empty/],
    ['{"data": []}', /list of records is empty/],
    ['{"train": [{"text": "a"}]}', /are under “train”/],
    ['{"instruction": ["a"], "output": ["b"]}', /holds columns/],
    ['[{"text": "a"}] {"text": "b"}', /follows the end of the list/],
    ['{"text": "a"},\n{"text": "b"},\n', /There is a comma between the records/],
  ])('that are something else say what: %j', async (content, reason) => {
    const { refused } = await read('a.jsonl', new Uint8Array(Buffer.from(content, 'latin1')));
    expect(inEnglish(refused!.reason)).toMatch(reason);
  });

  it('are read over the borders of the pieces that they come in', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ text: `${'海😀é"\n,'.repeat(i % 9)}${i}` }));
    const lines = rows.map((row) => JSON.stringify(row));
    const table = ['text', ...rows.map((row) => `"${row.text.replaceAll('"', '""')}"`)].join('\r\n');
    for (const [name, content] of [
      ['a.jsonl', lines.join('\n')],
      ['a.json', `[${lines.join(',\n')}]`],
      ['a.csv', table],
    ] as const) {
      const { values, faults, refused } = await read(name, content);
      expect([faults, refused]).toEqual([[], undefined]);
      expect(values).toEqual(rows);
    }
  });
});

describe('a record that is no JSON', () => {
  const good = '{"text": "a"}';
  it.each([
    ['a line', `${good}\n{"text": }\n${good}`, [1, 3], [2]],
    ['a line that is cut', `${good}\n{"text": "b\n${good}`, [1, 3], [2]],
    ['a line that is not closed', `${good}\n{"text": "b"\n${good}`, [1, 3], [3]],
    ['two values on a line', `${good} ${good}\n${good}`, [1, 1, 2], []],
    ['half a character', `${good}\n{"text": "\\ud83d"}\n${good}`, [1, 3], [2]],
    ['a byte order mark between files', `${good}\n\ufeff${good}`, [1, 2], []],
    ['old line ends', `${good}\r{"text": }\r${good}`, [1, 1], [1]],
  ])('is passed by, and the next ones are read: %s', async (_, content, lines, faults) => {
    const found = await read('a.jsonl', content);
    expect(found.lines).toEqual(lines);
    expect(found.faults.map(({ line }) => line)).toEqual(faults);
  });

  it('never gives up a part of it as a record of its own', async () => {
    const broken = '{\n  "messages": [\n  {"text": "inner"}\n  {"text": "inner"}\n  ]\n}';
    const { values, faults } = await read('a.json', `${broken}\n{\n"text": "outer"\n}\n`);
    expect(values).toEqual([{ text: 'outer' }]);
    expect(faults).toMatchObject([{ line: 4, column: 3 }]);
    expect(inEnglish(faults[0]!.reason)).toMatch(/the 5 lines after it are left out/);
  });

  it('refuses the whole list that it stands in', async () => {
    const { refused } = await read('a.json', `[${good},\n${good},\n]`);
    expect(refused).toMatchObject({ line: 2, column: 14, code: 'json_syntax' });
  });
});

describe('a table', () => {
  it('names rows that lack cells or have too many, and cells whose quotes are wrong, with their lines', async () => {
    const { values, lines, faults } = await read(
      'a.csv',
      'instruction,output\n"a\nb",c\nd\ne,f,g\n"h "i" j",k\nl,m\n',
    );
    expect(values).toEqual([
      { instruction: 'a\nb', output: 'c' },
      { instruction: 'l', output: 'm' },
    ]);
    expect(lines).toEqual([2, 7]);
    expect(faults.map(({ line, code }) => [line, code])).toEqual([
      [4, 'csv_cells'],
      [5, 'csv_cells'],
      [6, 'csv_quotes'],
    ]);
  });

  it.each([
    ['output,output\na,b', /Two columns are called “output”/],
    ['instruction,output\n\n,\n', /no rows below the names of its columns: instruction, output/],
    ['text\n"never closed\nand on', /never closed/],
  ])('%j is refused as a whole', async (content, reason) => {
    const { refused } = await read('a.csv', content);
    expect(inEnglish(refused!.reason)).toMatch(reason);
  });

  it('may have empty columns without a name, as spreadsheets write them, and text in none of them', async () => {
    const { values, faults } = await read('a.csv', 'instruction;output;;\r\na;b;;\r\nc;d;;e\r\n;;;\r\n');
    expect(values).toEqual([{ instruction: 'a', output: 'b' }]);
    expect(faults).toMatchObject([
      { line: 3, reason: { code: 'csv_column_nameless', values: { number: 4 } } },
    ]);
  });

  it('is known by its first line if its name says nothing, and by the delimiter that Excel names', async () => {
    expect((await read('pasted.txt', 'instruction\toutput\na\tb')).values).toEqual([
      { instruction: 'a', output: 'b' },
    ]);
    expect((await read('pasted.txt', 'Question;Answer\na;b')).values).toEqual([
      { Question: 'a', Answer: 'b' },
    ]);
    expect((await read('prose.txt', 'Question, answer\na, b')).facts.format).toBe('TXT');
    expect((await read('a.csv', 'sep=|\r\ninstruction|output\r\na,;|b\r\n')).values).toEqual([
      { instruction: 'a,;', output: 'b' },
    ]);
  });

  it.each([
    'instruction,output\na,b\r\nc,d\re,f\n',
    'instruction,output\r\na,b\nc,d\ne,f',
    'instruction,output\ra,b\rc,d\r\ne,f\r',
    '"instruction","output"\r\n"a","b"\nc,"d"\r"e",f\r\n',
  ])('may end its lines in several ways: %j', async (content) => {
    const { values, faults, refused } = await read('a.csv', content);
    expect([faults, refused]).toEqual([[], undefined]);
    expect(values).toEqual([
      { instruction: 'a', output: 'b' },
      { instruction: 'c', output: 'd' },
      { instruction: 'e', output: 'f' },
    ]);
  });

  it('keeps the line breaks and the doubled quotes of a cell as they are, also between two pieces of the file', async () => {
    const long = 'x'.repeat(2 ** 18 - 'text\r\n'.length - 1);
    for (const [end, quoted] of [
      ['\r\n', false],
      ['\r\n', true],
      ['"\r\n', true],
    ] as const) {
      const cell = quoted ? `"${long.slice(1)}${end.replace('"', '""')}b"` : long;
      const { values, refused } = await read('a.csv', `text\r\n${cell}\r\nc\nd\r\n`);
      expect(refused).toBeUndefined();
      const first = quoted ? `${long.slice(1)}${end}b` : long;
      expect(values.map((value) => (value as { text: string }).text === first)).toEqual([true, false, false]);
      expect(values.slice(1)).toEqual([{ text: 'c' }, { text: 'd' }]);
    }
  });

  it('may hold conversations as JSON', async () => {
    const cell = '[{""role"": ""user"", ""n"": 1.0}]';
    expect((await read('a.csv', `messages\n"${cell}"\n"[{'role'}]"\n`)).faults).toMatchObject([
      { line: 3, reason: { code: 'csv_cell_not_json', values: { name: 'messages' } } },
    ]);
  });
});

describe('the look of a table', () => {
  it.each([
    ['question|answer\nwhy, and how|because, so\n', '|', true],
    ['frage;antwort\n"a;b";c, d\ne, f;g\n', ';', true],
    ['q\ta\n1,5\t2,5\n', '\t', true],
    ['What is this?,"A test, of course."\nAnd that?,Another.\n', ',', false],
    ['1,2\n3,4\n', ',', false],
  ])('tells its delimiter and whether it has a header: %j', async (content, delimiter, header) => {
    const { facts, faults } = await read('a.csv', content);
    expect(facts).toMatchObject({ format: 'CSV', delimiter, header });
    expect(faults).toEqual([]);
  });

  it('may be given', async () => {
    const content = 'instruction;output,x\na;b,y\n';
    expect((await read('a.csv', content, { delimiter: ',', header: false })).values).toEqual([
      { column_1: 'instruction;output', column_2: 'x' },
      { column_1: 'a;b', column_2: 'y' },
    ]);
    expect((await read('a.csv', '1,2\n3,4', { header: true })).values).toEqual([{ 1: '3', 2: '4' }]);
  });
});
