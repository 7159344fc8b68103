import { describe, expect, it } from 'vitest';
import { cleanCharacters, hasLostCharacters } from '../../../../src/data/cleaning/characters';
import { bandsOf } from '../../../../src/data/cleaning/minhash';
import { nearDuplicatesStep } from '../../../../src/data/cleaning/near_duplicates';
import { privateDataStep } from '../../../../src/data/cleaning/private/private_data';
import { repeatsStep } from '../../../../src/data/cleaning/repeats';
import { RowIndex } from '../../../../src/data/cleaning/row_index';
import { jaccard, shinglesOf } from '../../../../src/data/cleaning/shingles';
import { eld } from 'eld/extrasmall';
import { languageStep } from '../../../../src/data/cleaning/language';
import { LANGUAGES, PRIVATE_KINDS } from '../../../../src/core/settings/cleaning';
import { pcg4d } from '../../../../src/core/random';
import type { Sample } from '../../../../src/data/messages';

const WINDOWS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** UTF-8 read as Windows-1252, in which five bytes stand for control characters. */
function misread(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) =>
    byte >= 0x80 && byte < 0xa0 ? WINDOWS[byte - 0x80] : String.fromCharCode(byte),
  ).join('');
}

describe('broken characters', () => {
  it.each(['café', '你好，世界', 'It’s “fine”', 'Привет', '🐟 fish', 'naïve – ½', 'かな', '한국어', '20 °C'])(
    'repairs %s, read as Windows-1252 once or twice',
    (text) => {
      expect(cleanCharacters(misread(text))).toBe(text);
      expect(cleanCharacters(misread(misread(text)))).toBe(text);
    },
  );

  it('repairs the beginning of a character whose last byte became a space', () => {
    expect(cleanCharacters('ä½ å¥½')).toBe('你好');
  });

  it.each([
    '„Spaß“',
    'Spaß“',
    'déjà vu',
    'ESPAÑA “AÑO”',
    'São Paulo',
    'Ã',
    'Ã© is é',
    'Größe: 5 µm',
    'ÄÖÜ',
    '½ Ã',
  ])('leaves %s as it is', (text) => {
    expect(cleanCharacters(text)).toBe(text);
  });

  it('removes what nobody sees, and leaves joiners and line breaks', () => {
    expect(cleanCharacters('\ufeffa\u200bb\u0000\u001b[31mc\u001b[0m\u00ad\n\td\r\n')).toBe('abc\n\td\r\n');
    for (const text of ['👩\u200d💻', 'می\u200cخواهم']) expect(cleanCharacters(text)).toBe(text);
  });

  it('knows the mark of lost characters', () => {
    expect([hasLostCharacters('a\ufffd'), hasLostCharacters('a?')]).toEqual([true, false]);
  });
});

describe('private data', () => {
  const mask = privateDataStep({ action: 'mask', kinds: [...PRIVATE_KINDS] }).change;

  it.each([
    ['写信到jo.doe+x@mail.firma.com。', '写信到[EMAIL]。'],
    ['`John.Doe-123%+@example-domain.com`', '`[EMAIL]`'],
    ['电话13800138000，或 +86 138-0013-8000', '电话[PHONE]，或 [PHONE]'],
    [
      '+1 415-555-2671, +49 (0)30 1234567, (415) 555-2671, 010-12345678',
      '[PHONE], [PHONE], [PHONE], [PHONE]',
    ],
    ['身份证11010519491231002X和11010519491231002x', '身份证[ID]和[ID]'],
    ['DE89 3704 0044 0532 0130 00 AND GB82WEST12345698765432.', '[IBAN] AND [IBAN].'],
    ['4111 1111 1111 1111, 5500-0000-0000-0004, 378282246310005', '[CARD], [CARD], [CARD]'],
    [
      '(010)12345678, 020 7946 0958, 07911 123456, 0170 1234567, 06 12 34 56 78',
      Array(5).fill('[PHONE]').join(', '),
    ],
    ['8 (912) 345-67-89, 090-1234-5678, 13812345678 13912345678', '[PHONE], [PHONE], [PHONE] [PHONE]'],
    ['6222 0212 3456 7890 128', '[CARD]'],
    ['81.8.44.4 and 2001:4860:4860::8888 and 2001:db8:0:0:0:0:2:1', '[IP] and [IP] and [IP]'],
    ['sk-proj-abcdefghijklmnop1234567890', '[KEY]'],
    [`hf_${'aB3'.repeat(12)} AKIAIOSFODNN7EXAMPLE`, '[KEY] [KEY]'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE+/=\n-----END RSA PRIVATE KEY-----', '[KEY]'],
  ])('masks that of %j', (text, masked) => {
    expect(mask(text)).toBe(masked);
    expect(mask(masked)).toBe(masked);
  });

  it.each([
    'clone git@github.com:owner/name.git',
    '11010519491231002Y 110105194912310021',
    'DE89370400440532013001',
    '4111 1111 1111 1112, 1234567890123456',
    'version 1.2.3.4.5, 127.0.0.1, 192.168.1.1, 10.0.0.1, 255.255.255.0, 999.1.1.1',
    'at 12:30:45, std::vector, ::1, 2001:zz::1',
    '0.13800138000, 3.14159265358979, 20241231235959, 12345678901',
    'sk-learn-is-a-library-for-learning and hf_hub_download',
    'x@y, @property, 5 + 1234567890',
    'you@example.com, me@shop.example, it@host.test',
    '3.1.2.1 Methods, 3.5.2.12, version 12.11.10.9, 版本 20.0.10.1, v1.15.20.30',
    '2^34 = 17179869184, 15000000000 people, 14200000000',
    '0110 1100 0011, 131 2345 6789 1234, -10 +20 30 40 50 60',
    'sk-learn-contrib-package-1',
  ])('leaves %j as it is', (text) => {
    expect(mask(text)).toBe(text);
  });

  it('takes only the kinds that are asked for, and drops rows if asked to', () => {
    const emails = privateDataStep({ action: 'mask', kinds: ['email'] }).change;
    expect(emails('a@b.cc 13800138000')).toBe('[EMAIL] 13800138000');
    const drop = privateDataStep({ action: 'drop', kinds: ['email'] });
    expect(['a@b.cc', '13800138000'].map((text) => drop.isDropped?.(text))).toEqual([true, false]);
    expect(drop.change('a@b.cc')).toBe('a@b.cc');
  });

  it('takes time that grows with the text alone', () => {
    // One that grew with its square would take hours.
    for (const part of ['a.', '1 ', 'A1', '-----BEGIN PRIVATE KEY-----', '1.1.', 'ab:']) {
      const text = part.repeat(200_000);
      expect(mask(text)).toBe(text);
    }
  });
});

describe('repetitions', () => {
  const step = repeatsStep({ max_share: 0.5 });
  const row = (question: string, answer: string): Sample => ({
    kind: 'chat',
    messages: [
      { role: 'user', content: question },
      { role: 'assistant', content: answer },
    ],
  });

  it.each([
    [row('Who are you?', ' who  are you?'), true],
    [row('Who are you?', 'Who are you? I am Ada.'), false],
    [row('Sing', 'la la la la la'), false],
    [row('Sing', 'We all live in a boat. '.repeat(10)), true],
    [row('唱', '我们都住在船上。'.repeat(8)), true],
    [row('Draw', `+${'-'.repeat(200)}+\n| a | b |\n`.repeat(3)), false],
    [row('Write', `Here:\n\`\`\`html\n${'<li><a href="#">Link</a></li>\n'.repeat(20)}\`\`\``), false],
    [row('Count', Array.from({ length: 200 }, (_, at) => `Number ${at}`).join(', ')), false],
    [{ kind: 'text', text: 'no end '.repeat(30) } as const, true],
  ])('are found in %j: %s', (sample, isRepetition) => {
    expect(step.isDropped(sample)).toBe(isRepetition);
  });
});

describe('the language of answers', () => {
  it('can be any that the detector knows', () => {
    expect(Object.values(eld.info().Languages).sort()).toEqual([...LANGUAGES].sort());
  });

  it.each([
    ['The capital of France is Paris.', ['en'], false],
    ['The capital of France is Paris.', ['zh'], true],
    ['法国的首都是巴黎。', ['zh'], false],
    ['法国的首都是巴黎。', ['en'], true],
    ['Die Hauptstadt von Frankreich ist Paris.', ['en', 'zh'], true],
    ['Столица Франции — это Париж.', ['ru'], false],
    ['Столица Франции — это Париж.', ['en'], true],
    ['Yes.', ['zh'], false],
    ['1. Apple\n2. Google\n3. Microsoft\n4. Amazon', ['en'], false],
    ['Sarah has 12/6=<<12/6=2>>2 pencils\nTim has 8*2=<<8*2=16>>16 pencils', ['en'], false],
    ['IronyQueen_Sarah', ['en'], false],
    ['1. Tokyo\n2. Beijing\n3. Manila', ['en'], false],
    ['是的', ['en'], false],
    ['“I want to go for a walk”这句话中包含7个单词。', ['zh'], false],
    ['The literal translation of "好领导" is "good leader".', ['zh'], true],
    ['フランスの首都はパリ市であり、人口は二百万人です。', ['zh'], true],
    ['```\nfor line in lines: print(line)\n```', ['zh'], false],
  ] as const)('of %j with %j: dropped %s', async (content, keep, isDropped) => {
    const step = await languageStep({ keep: [...keep] });
    const messages = [
      { role: 'user', content: 'Répondez à la question suivante, s’il vous plaît.' },
      { role: 'assistant', content },
    ] as const;
    expect(step.isDropped({ kind: 'chat', messages })).toBe(isDropped);
  });
});

describe('near duplicates', () => {
  it('have shingles of words, or of characters in scripts without spaces', () => {
    expect(shinglesOf('One, two three four five six!')).toHaveLength(2);
    expect(shinglesOf('法国的首都是巴黎。')).toHaveLength(4);
    expect(shinglesOf('one')).toHaveLength(1);
    expect(shinglesOf('?!')).toHaveLength(0);
    expect(shinglesOf('ONE two\nthree four five')).toEqual(shinglesOf('one two, three four five'));
    expect(shinglesOf('2 + 3')).not.toEqual(shinglesOf('2 - 3'));
  });

  it('share a band as often as the formula says', () => {
    // 300 pairs of sets with a similarity of 0.7, where 1 - (1 - s^8)^16 = 0.613.
    const share = 1 - (1 - 0.7 ** 8) ** 16;
    let next = 0;
    const number = (): number => pcg4d(next++, 9, 9, 9)[0];
    const pairs = 300;
    let found = 0;
    for (let pair = 0; pair < pairs; pair++) {
      const both = Array.from({ length: 70 }, number);
      const sets = [0, 1].map(() => new Set([...both, ...Array.from({ length: 15 }, number)]));
      expect(jaccard(sets[0]!, sets[1]!)).toBeCloseTo(0.7, 12);
      const [one, other] = sets.map(bandsOf);
      if (one!.some((band, at) => band === other![at])) found++;
    }
    // Four standard deviations of a binomial distribution.
    expect(Math.abs(found / pairs - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / pairs));
  });

  it('are found by their texts, among rows with the same system message', async () => {
    const words = Array.from({ length: 60 }, (_, at) => `word${at}`);
    const row = (answer: readonly string[], system = 's'): Sample => ({
      kind: 'chat',
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: 'Say the words' },
        { role: 'assistant', content: answer.join(' ') },
      ],
    });
    const rows = [row(['other', ...words.toReversed()]), row(words)];
    const read = (at: number): Promise<Sample> => Promise.resolve(rows[at]!);
    const step = nearDuplicatesStep({ threshold: 0.8 });
    for (const [at, each] of rows.entries()) step.add(each, at);
    expect(await step.earlier(row([...words, 'more']), read)).toBe(1);
    expect(await step.earlier(row([...words, 'more'], 'another'), read)).toBeUndefined();
    expect(await step.earlier(row(words.slice(30)), read)).toBeUndefined();
    // Another question about the same text, and other tools.
    const asked = (answer: string, tools: string[] = []): Sample => ({
      kind: 'chat',
      messages: [
        { role: 'user', content: [...words, 'what'].join(' ') },
        { role: 'assistant', content: answer },
      ],
      ...(tools.length > 0 && { tools: tools.map((name) => ({ name })) }),
    });
    rows.push(asked('one two'));
    step.add(rows[2]!, 2);
    expect(await step.earlier(asked('One, two.'), read)).toBe(2);
    expect(await step.earlier(asked('one three'), read)).toBeUndefined();
    expect(await step.earlier(asked('one two', ['call']), read)).toBeUndefined();
    step.truncate(1);
    expect(await step.earlier(row(words), read)).toBeUndefined();
    expect(await step.earlier(rows[0]!, read)).toBe(0);
  });

  it('are looked up in an index that keeps the first row of each key as it grows', () => {
    const index = new RowIndex();
    const keys = Array.from({ length: 5000 }, (_, at) => pcg4d(at, 0, 0, 0)[0]);
    for (const [row, key] of keys.entries()) index.add(key, row);
    index.add(keys[7]!, 9000);
    expect(keys.map((key) => index.get(key))).toEqual(keys.map((key) => keys.indexOf(key)));
    index.truncate(100);
    expect([index.get(keys[99]!), index.get(keys[100]!)]).toEqual([99, undefined]);
  });
});
