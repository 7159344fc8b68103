import { TunesmithError } from '../../core/errors';
import type { Technique } from './technique';
import { piecesOf, shareOf, wordsIn, type Piece } from './words';

/** A word and the words that may stand for it. */
export interface Synonyms {
  readonly word: string;
  readonly others: readonly string[];
}

/**
 * Reads lines such as `big: large, huge`.
 *
 * @throws TunesmithError `synonyms_line` with the first line that can't be read
 */
export function readSynonyms(text: string): readonly Synonyms[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const [word = '', others = '', ...more] = line.split(/[:：]/).map((part) => part.trim());
    const list = others.split(/[,，、;；]/).map((each) => each.trim());
    const good = more.length === 0 && word !== '' && list.every((each) => each !== '');
    if (good) return [{ word, others: list }];
    throw new TunesmithError({ code: 'synonyms_line', values: { line: index + 1, text: line.trim() } });
  });
}

/**
 * Replaces a share of the words by those that the person names (synonym replacement of Wei and Zou 2019, "EDA").
 *
 * @throws TunesmithError `synonyms_line`, `synonyms_missing`
 */
export function synonymsTechnique({
  share,
  synonyms: text,
}: {
  readonly share: number;
  readonly synonyms: string;
}): Technique {
  const synonyms = readSynonyms(text);
  if (synonyms.length === 0) throw new TunesmithError({ code: 'synonyms_missing' });
  const known = new Map(synonyms.map(({ word, others }) => [word.toLowerCase(), others]));
  const pattern = patternOf(synonyms);
  return {
    vary(given, draws, isKept) {
      const pieces = piecesOf(given);
      const runs = runsOf(pieces);
      const places = runs.flatMap(({ text: run, isFixed }, index) =>
        isFixed ? [] : Array.from(run.matchAll(pattern), ({ 0: word, index: at }) => ({ index, at, word })),
      );
      const free = places.filter(({ word }) => !isKept(word));
      if (free.length === 0) return undefined;
      const chosen = draws.some(free, shareOf(wordsIn(pieces).length, share));
      const texts = runs.map(({ text: run }) => run);
      // From the end on, so that the places before stay where they are.
      for (const { index, at, word } of [...chosen].sort((a, b) => b.at - a.at)) {
        const other = draws.pick(known.get(word.toLowerCase())!);
        texts[index] =
          texts[index]!.slice(0, at) + cased(other, word) + texts[index]!.slice(at + word.length);
      }
      return texts.join('');
    },
  };
}

/** A text between two protected parts, or a protected part. */
function runsOf(pieces: readonly Piece[]): readonly { readonly text: string; readonly isFixed: boolean }[] {
  const runs: { text: string; isFixed: boolean }[] = [];
  for (const { text, isWord } of pieces) {
    const isFixed = !isWord && /[\p{L}\p{N}]/u.test(text);
    const last = runs.at(-1);
    if (last && !isFixed && !last.isFixed) last.text += text;
    else runs.push({ text, isFixed });
  }
  return runs;
}

/** Finds the words: the longest first, and no part of a longer word of an alphabet. */
function patternOf(synonyms: readonly Synonyms[]): RegExp {
  const words = synonyms.map(({ word }) => word).sort((a, b) => b.length - a.length);
  const alternatives = words.map((word) => {
    const escaped = word.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
    const isChinese = /^\p{Script=Han}+$/u.test(word);
    return isChinese ? escaped : String.raw`(?<![\p{L}\p{N}])${escaped}(?![\p{L}\p{N}])`;
  });
  return new RegExp(alternatives.join('|'), 'giu');
}

/** A word with a capital letter at its beginning if the other has one. */
function cased(word: string, like: string): string {
  const [first = ''] = like;
  const [own = ''] = word;
  return first === first.toLowerCase() ? word : own.toUpperCase() + word.slice(own.length);
}
