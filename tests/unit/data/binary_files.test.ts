import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Float } from '../../../src/core/lossless_json';
import { inEnglish } from '../../../src/core/messages/english';
import { read } from './read_file';

const { parquet, xlsx } = JSON.parse(
  readFileSync(new URL('fixtures/files.json', import.meta.url), 'utf8'),
) as { readonly parquet: Readonly<Record<string, string>>; readonly xlsx: string };
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const { bytes: withBytes = '', decimals = '', ...codecs } = parquet;

describe('a Parquet file', () => {
  it.each(Object.entries(codecs))('keeps nested rows, exact numbers and days: %s', async (_, text) => {
    const { values, faults, refused, facts } = await read('train.parquet', bytesOf(text));
    expect([faults, refused, facts.format]).toEqual([[], undefined, 'Parquet']);
    expect(values).toEqual([
      {
        instruction: '你好',
        messages: [
          { role: 'user', content: 'q' },
          { role: 'assistant', content: 'a' },
        ],
        count: 1,
        share: new Float(1),
        good: true,
        day: '2024-02-29',
        moment: '2024-02-29T12:30:00',
        price: new Float(1.5),
        kind: 'x',
        at: '01:02:03.000004',
        half: new Float(1),
      },
      {
        instruction: 'b',
        messages: [],
        count: 2n ** 53n + 1n,
        share: new Float(0.5),
        good: false,
        day: null,
        moment: null,
        price: null,
        kind: 'x',
        at: null,
        half: null,
      },
      {
        instruction: null,
        messages: null,
        count: null,
        share: null,
        good: null,
        day: null,
        moment: null,
        price: null,
        kind: 'y',
        at: null,
        half: null,
      },
    ]);
  });

  it('refuses rows whose bytes are not a text, and reads the others', async () => {
    const { values, faults } = await read('a.parquet', bytesOf(withBytes));
    expect(values).toEqual([{ text: 'plain' }]);
    expect(inEnglish(faults[0]!.reason)).toMatch(/“text” holds bytes/);
  });

  it('refuses rows with decimal numbers that a double does not have', async () => {
    const { values, faults } = await read('a.parquet', bytesOf(decimals));
    expect(values).toEqual([{ n: new Float(-90071992547409.91) }]);
    expect(inEnglish(faults[0]!.reason)).toMatch(/“n” holds a decimal number/);
  });

  it.each([1, 4, 100, 400])('is refused if it is cut at byte %i', async (length) => {
    const { refused } = await read('a.parquet', bytesOf(codecs.snappy!).subarray(0, 3 + length));
    expect(refused).toBeDefined();
  });
});

describe('a workbook', () => {
  it('gives the rows of all its sheets, with their numbers', async () => {
    const { values, lines, facts } = await read('questions.xlsx', bytesOf(xlsx));
    expect(facts).toMatchObject({ format: 'XLSX', header: true });
    expect(values).toEqual([
      { instruction: '你好', output: 'line\nbreak', n: '3', day: '2024-02-29', yes: 'TRUE', at: '13:05:00' },
      { instruction: 'b', output: '1.5', yes: 'FALSE', at: '2024-02-29T13:05:06' },
      { instruction: 'c', output: 'd' },
    ]);
    expect(lines).toEqual([2, 4, 2]);
  });

  it('is refused if it would fill the memory', async () => {
    const bytes = bytesOf(xlsx).slice();
    const view = new DataView(bytes.buffer);
    // The size of a file, in the zip's directory.
    const entry = bytes.findLastIndex(
      (_, at) => at + 4 < bytes.length && view.getUint32(at, true) === 0x02014b50,
    );
    view.setUint32(entry + 24, 2 ** 31, true);
    const { refused } = await read('a.xlsx', bytes);
    expect(inEnglish(refused!.reason)).toMatch(/over 512 MB, unpacked/);
  });

  it('is refused if it is cut', async () => {
    const { refused } = await read('a.xlsx', bytesOf(xlsx).subarray(0, 900));
    expect(inEnglish(refused!.reason)).toMatch(/damaged/);
  });
});

describe('a plain text', () => {
  it.each([
    ['book.txt', 'Text, which is long\n\n[1] And so on.\n'],
    ['notes.md', '[Link](a) first\n\n- one\n'],
    ['chapter.txt', '[Chapter 1]\n\nIt rained.'],
    ['empty.markdown', '{{ template }}'],
  ])('is one document: %s', async (name, content) => {
    expect((await read(name, content)).values).toEqual([{ text: content }]);
  });

  it('may be JSON or a table in spite of its name', async () => {
    expect((await read('a.txt', '{"text": "a"}\n{"text": "b"}')).values).toHaveLength(2);
    expect((await read('a.txt', 'instruction,output\na,b')).values).toHaveLength(1);
  });
});
