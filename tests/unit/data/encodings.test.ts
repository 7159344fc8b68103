import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inEnglish } from '../../../src/core/messages/english';
import { read } from './read_file';

interface EncodedFile {
  readonly text: string;
  readonly bytes: string;
}
const { encodings, oneByte } = JSON.parse(
  readFileSync(new URL('fixtures/files.json', import.meta.url), 'utf8'),
) as {
  readonly encodings: Readonly<Record<string, EncodedFile>>;
  /** Labels, texts, bytes. */
  readonly oneByte: readonly (readonly [string, string, string])[];
};
const encoded = Object.entries(encodings).map(
  ([label, { text, bytes }]) => [label, text, Buffer.from(bytes, 'base64')] as const,
);

/** The bytes of a text in UTF-16, with a byte order mark or without. */
function utf16(text: string, order: 'le' | 'be', mark = '\ufeff'): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(mark + text, 'utf16le'));
  return order === 'le' ? bytes : new Uint8Array(Buffer.from(bytes).swap16());
}

const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

describe('the encoding of a file', () => {
  const text = '[{"text": "Zwölf 海 😀 \ufffd"}]';
  it.each([
    ['UTF-8', new TextEncoder().encode(text), false],
    ['UTF-8 with a mark', new TextEncoder().encode(`\ufeff${text}`), false],
    ['UTF-16', utf16(text, 'le'), false],
    ['UTF-16, big end first', utf16(text, 'be'), false],
    ['UTF-16 without a mark', utf16(text, 'le', ''), true],
    ['UTF-16 without a mark, big end first', utf16(text, 'be', ''), true],
  ])('is found: %s', async (_, bytes, guessed) => {
    const { values, facts } = await read('a.json', bytes);
    expect(values).toEqual([{ text: 'Zwölf 海 😀 \ufffd' }]);
    expect(facts.encodingGuessed).toBe(guessed);
  });

  it.each(['le', 'be'] as const)(
    'is found by the characters of a language without zeros: UTF-16 %s',
    async (order) => {
      const chinese = '植物利用阳光、水和二氧化碳制造养分，并释放氧气。一切都好。\n';
      expect((await read('a.txt', utf16(chinese, order, ''))).values).toEqual([{ text: chinese }]);
    },
  );

  it('is not UTF-16 because of a zero byte', async () => {
    const { values, facts } = await read('a.csv', 'text,more\na\0b,c\n');
    expect([values, facts.encoding]).toEqual([[{ text: 'a\0b', more: 'c' }], 'utf-8']);
  });

  it.each(oneByte)(
    'is guessed by the letters of a language, or the file is refused: %s, %s',
    async (label, text, bytes) => {
      const { values, facts, refused } = await read('a.jsonl', Buffer.from(bytes, 'base64'));
      if (label.startsWith('windows')) expect([values, facts.encoding]).toEqual([[{ text }], label]);
      else expect([values, refused?.code]).toEqual([[], 'encoding']);
    },
  );

  it.each(encoded)('is guessed, and can be given: %s', async (label, words, bytes) => {
    const expected = [0, 1, 2].map((number) => ({ text: `${words} ${number}` }));
    const guessed = await read('a.jsonl', bytes);
    expect(guessed.values).toEqual(expected);
    expect(guessed.facts).toMatchObject({ encoding: label, encodingGuessed: true });
    const given = await read('a.jsonl', bytes, { encoding: label });
    expect(given.values).toEqual(expected);
    expect(given.facts).toMatchObject({ encoding: label, encodingGuessed: false });
  });

  it.each(encoded)(
    'holds for a file of many pieces, of one line or of many: %s',
    async (label, words, bytes) => {
      const line = bytes.subarray(0, bytes.indexOf(10));
      const count = Math.ceil(600_000 / line.length);
      for (const [before, between, after] of [
        ['', '\n', '\n'],
        ['[', ',', ']'],
      ] as const) {
        const parts = Array.from({ length: count }, () => [line, Buffer.from(between)])
          .flat()
          .slice(0, -1);
        const file = Buffer.concat([Buffer.from(before), ...parts, Buffer.from(after)]);
        const { values, facts } = await read('a.json', file);
        expect(facts.encoding).toBe(label);
        expect(values.every((value) => (value as { text: string }).text === `${words} 0`)).toBe(true);
        expect(values).toHaveLength(count);
      }
    },
  );

  it('may be told by text that begins late in a large file', async () => {
    const line = Buffer.from(`{"text": "${'a'.repeat(990)}"}\n`);
    const ascii = Buffer.concat(Array.from({ length: 5000 }, () => line));
    const [, words, bytes] = encoded[0]!;
    const { values, facts } = await read('a.jsonl', Buffer.concat([ascii, bytes]));
    expect(facts.encoding).toBe('gb18030');
    expect(values.at(-1)).toEqual({ text: `${words} 2` });
  });

  it.each([
    ['UTF-32', Uint8Array.of(0xff, 0xfe, 0, 0, 0x5b, 0, 0, 0), undefined, /UTF-32, which can’t be read/],
    ['half a character of UTF-16', utf16(text, 'le').subarray(0, -1), undefined, /not text in UTF-16\./],
    ['UTF-8 that was cut', new TextEncoder().encode('{"text": "海').subarray(0, -1), undefined, /in UTF-8/],
    [
      'UTF-8 called GBK',
      new TextEncoder().encode('{"text": "海"}'),
      'gb18030',
      /not text in GB18030 \(GBK\)/,
    ],
    ['Latin-1 called UTF-8', latin1('{"text": "\u00e9t\u00e9"}'), 'utf-8', /not text in UTF-8/],
    ['bytes that Windows-1252 lacks', latin1('{"text": "\u0081\u00e9 "}'), 'windows-1252', /Windows-1252/],
    ['private characters of Big5', latin1('{"text": "\u00fe\u00fe"}'), 'big5', /not text in Big5/],
    ['bytes at random', latin1('{"text": "\u0081 \u00ff \u009d\u0001"}'), undefined, /not text in UTF-8/],
  ])('that the bytes do not have is refused, and nothing is read: %s', async (_, bytes, encoding, reason) => {
    const { values, refused } = await read('a.jsonl', bytes, encoding === undefined ? {} : { encoding });
    expect(values).toEqual([]);
    expect(refused?.code).toBe('encoding');
    expect(inEnglish(refused!.reason)).toMatch(reason);
  });

  it.each([
    ['UTF-8', new TextEncoder().encode('{"text":"海"}\n'), [0xe9, 0x22], 'utf-8'],
    ['GB18030', Buffer.from(encoded[0]![2].subarray(0, encoded[0]![2].indexOf(10) + 1)), [0xff], 'gb18030'],
    ['UTF-16', utf16('{"text":"\u0a0a"}\n', 'le', ''), [0x00, 0xd8, 0x20, 0x00], 'utf-16le'],
  ])('has a line at which damage is told: %s', async (_, line, damage, encoding) => {
    for (const before of [2, 30_000]) {
      const bytes = Buffer.concat([...Array.from({ length: before }, () => line), Buffer.from(damage), line]);
      expect((await read('a.jsonl', bytes, { encoding })).refused?.line).toBe(before + 1);
    }
  });
});
