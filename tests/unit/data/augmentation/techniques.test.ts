import { describe, expect, it } from 'vitest';
import { Draws } from '../../../../src/data/augmentation/draws';
import { readSynonyms } from '../../../../src/data/augmentation/synonyms';
import {
  TECHNIQUE_NAMES,
  techniquesOf,
  type TechniqueName,
  type TechniqueOptions,
} from '../../../../src/data/augmentation/techniques';
import { piecesOf, textOf } from '../../../../src/data/augmentation/words';

const share = 0.3;
const OPTIONS: Required<TechniqueOptions> = {
  templates: { templates: ['Hi! {text}', 'A question: {text}', '你好！{text}', '请问：{text}'] },
  synonyms: { share, synonyms: 'big: large, huge\nlittle boat: dinghy\n美丽：漂亮、好看' },
  typos: { share },
  deletion: { share },
  swap: { share },
};

const keepsNone = () => false;

/** A text varied by one technique with 40 seeds; undefined for those that change nothing. */
function varied(name: TechniqueName, text: string, isKept: (word: string) => boolean = keepsNone) {
  const [made] = techniquesOf({ [name]: OPTIONS[name] });
  return Array.from({ length: 40 }, (_, seed) => made!.technique.vary(text, new Draws(seed, 'test'), isKept));
}

const said = (texts: readonly (string | undefined)[]) => texts.filter((text) => text !== undefined);

describe('the pieces of a text', () => {
  it.each([
    'Add `x = 1` to https://a.example/b?c=d, then write to me@b.example about {{name}} and 3.5 km.',
    '请把“你好”翻译成英文，共3个词：\n```py\nprint("两")\n```\n《红楼梦》有一百二十回',
    '',
    ' \n\t',
    '👩‍👩‍👧 é o\u0301',
    // A pattern that begins anew at each letter would take minutes.
    'ACGT'.repeat(50_000),
  ])('together are %j', (text) => {
    expect(textOf(piecesOf(text))).toBe(text);
  });

  it('are words in languages with and without spaces', () => {
    const words = (text: string) => piecesOf(text).flatMap((piece) => (piece.isWord ? [piece.text] : []));
    expect(words('What is a big ship?')).toEqual(['What', 'is', 'a', 'big', 'ship']);
    expect(words('我喜欢北京')).toEqual(['我', '喜欢', '北京']);
    expect(words('买三个苹果')).not.toContain('三');
  });
});

describe.each(TECHNIQUE_NAMES)('%s', (name) => {
  const sentences = [
    'Please tell me a little story about the big ship that sails over the sea.',
    '请给我讲一个关于美丽的大海和帆船的故事。',
  ];

  it.each(sentences)('changes %j, by its seed alone', (text) => {
    const texts = said(varied(name, text));
    expect(texts.length).toBeGreaterThan(20);
    expect(varied(name, text)).toEqual(varied(name, text));
    expect(texts.every((each) => each !== '' && !/ {2}| [.,]/.test(each))).toBe(true);
    expect(texts.some((each) => each !== text)).toBe(true);
  });

  const fixed = [
    '`let big = 1`',
    'https://big.example/a-big-page?big=big',
    'big@ship.example',
    '{{big_name}}',
    '[BIG NAME]',
    '<big tag>',
    '"the big little word"',
    '《美丽新世界》',
    '3.5kg',
    '2,000',
    '```\nthe big ship\n```',
  ];
  it.each(fixed)('leaves %j as it is', (part) => {
    const text = `Please explain the big difference again: ${part} and the other big things, 美丽的大海`;
    for (const each of said(varied(name, text))) expect(each).toContain(part);
  });

  it('has nothing to do without words', () => {
    for (const text of ['', '   ', '42', '`code`', '?!']) {
      if (name !== 'templates') expect(said(varied(name, text))).toEqual([]);
    }
    expect(said(varied('templates', ' '))).toEqual([]);
  });

  it('leaves the words that have to stay', () => {
    const text = 'Find the big hotel near Lisbon please';
    if (name === 'templates') return;
    for (const each of said(varied(name, text, (word) => ['Lisbon', 'big'].includes(word)))) {
      expect(each).toMatch(/\bLisbon\b/);
      expect(each).toMatch(/\bbig\b/);
    }
  });
});

describe('single techniques', () => {
  it('put templates of the own script around a text, with what looks like a pattern in it', () => {
    for (const each of said(varied('templates', 'Cost in $& and $1?'))) {
      expect(each).toContain('Cost in $& and $1?');
      expect(each).not.toMatch(/\p{Script=Han}/u);
    }
    for (const each of said(varied('templates', '多少钱？'))) expect(each).toMatch(/[你请想烦]/);
    expect(() => techniquesOf({ templates: { templates: ['no place'] } })).toThrow(
      expect.objectContaining({ code: 'template_without_text' }),
    );
  });

  it('replace only whole words, and keep capitals', () => {
    const texts = said(varied('synonyms', 'Big bigger little boat big'));
    for (const each of texts) expect(each).toContain('bigger');
    expect(texts.some((each) => /^(Large|Huge)/.test(each))).toBe(true);
    expect(texts.some((each) => each.includes('dinghy'))).toBe(true);
    expect(said(varied('synonyms', 'Nothing here'))).toEqual([]);
  });

  it('read synonyms, and say which line can not be read', () => {
    expect(readSynonyms('a: b, c\n\n大：巨大，庞大')).toEqual([
      { word: 'a', others: ['b', 'c'] },
      { word: '大', others: ['巨大', '庞大'] },
    ]);
    for (const line of ['a', 'a:', 'a: b,', ': b', 'a: b: c']) {
      expect(() => readSynonyms(`x: y\n${line}`)).toThrow(
        expect.objectContaining({ code: 'synonyms_line', values: { line: 2, text: line } }),
      );
    }
    expect(() => techniquesOf({ synonyms: { share, synonyms: '\n' } })).toThrow(
      expect.objectContaining({ code: 'synonyms_missing' }),
    );
  });

  it('drop not the last word', () => {
    expect(said(varied('deletion', 'Why?'))).toEqual([]);
  });

  it.each(['deletion', 'typos', 'swap'] as const)('leave negations where they are: %s', (name) => {
    for (const word of ['not', 'neither', 'nobody', 'without', 'shouldn’t', "couldn't"]) {
      for (const each of said(varied(name, `Tell stories ${word} about elephants`))) {
        expect(each).toMatch(new RegExp(`^(\\S+ ){0,2}${word}(?: |$)`));
      }
    }
    for (const word of ['没有', '不能', '不得', '并非', '没法', '不是']) {
      for (const each of said(varied(name, `学生${word}参加考试`))) {
        expect(each).toMatch(new RegExp(`(?<!${word})${word}(?!${word.at(-1)})`));
      }
    }
  });

  it('swap words without losing one', () => {
    const sorted = (text: string) => text.split(/\W+/).sort();
    for (const each of said(varied('swap', 'one two three four'))) {
      expect(sorted(each)).toEqual(sorted('one two three four'));
    }
    expect(said(varied('swap', 'Why?'))).toEqual([]);
  });

  it('change a word by one key', () => {
    for (const each of said(varied('typos', 'elephant'))) {
      expect(each[0]).toBe('e');
      expect(Math.abs(each.length - 'elephant'.length)).toBeLessThanOrEqual(1);
    }
    expect(said(varied('typos', 'Why is it so?'))).toEqual([]);
  });
});
