/** A part of a text. Words may be changed, moved or dropped; the rest stays as it is. */
export interface Piece {
  readonly text: string;
  readonly isWord: boolean;
}

/** Parts of a text whose meaning is in their letters: code, addresses, placeholders, quotations, formulas and numbers. */
const PROTECTED = new RegExp(
  [
    /```[\s\S]*?(?:```|$)/,
    /`[^`\n]+`/,
    /(?:https?:\/\/|www\.)[^\s，。；、）]+/,
    /[\w.+-]{1,64}@[\w-]+\.[\w.-]+/,
    /\{\{?[^{}\n]*\}\}?/,
    /<[^<>\n]+>/,
    /\[[^[\]\n]+\]/,
    /\$[^$\n]+\$/,
    /"[^"\n]+"|“[^”\n]+”|「[^」\n]+」|『[^』\n]+』|《[^》\n]+》/,
    /[A-Za-z_.,:/%+-]{0,64}\p{Nd}[A-Za-z\p{Nd}_.,:/%+-]*/u,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gu',
);

/** Numbers in Chinese characters. */
const CHINESE_NUMBER = /^[〇零一二两三四五六七八九十百千万亿半]+$/;

const segmenter = new Intl.Segmenter('zh', { granularity: 'word' });
const graphemes = new Intl.Segmenter('zh', { granularity: 'grapheme' });

/** A text as its parts, in order. The parts together are the text. */
export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  const add = (between: string): void => {
    for (const { segment, isWordLike } of segmenter.segment(between)) {
      pieces.push({ text: segment, isWord: isWordLike === true && !CHINESE_NUMBER.test(segment) });
    }
  };
  for (const { 0: whole, index } of text.matchAll(PROTECTED)) {
    add(text.slice(at, index));
    pieces.push({ text: whole, isWord: false });
    at = index + whole.length;
  }
  add(text.slice(at));
  return pieces;
}

export function textOf(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text).join('');
}

/** The indices of the words. */
export function wordsIn(pieces: readonly Piece[]): readonly number[] {
  return pieces.flatMap(({ isWord }, index) => (isWord ? [index] : []));
}

/** The pieces with other texts for some of them, by index. */
export function withTexts(pieces: readonly Piece[], texts: ReadonlyMap<number, string>): readonly Piece[] {
  return pieces.map((piece, index) => ({ ...piece, text: texts.get(index) ?? piece.text }));
}

/** The characters of a word, as a person sees them. */
export function charactersOf(word: string): readonly string[] {
  return Array.from(graphemes.segment(word), ({ segment }) => segment);
}

/** How many of `all` words a share of them is: at least one (α·l of Wei and Zou 2019, "EDA"). */
export function shareOf(all: number, share: number): number {
  return Math.max(1, Math.round(share * all));
}
