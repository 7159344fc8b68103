import type { Draws } from './draws';
import { changeable, type Technique } from './technique';
import { charactersOf, piecesOf, shareOf, textOf, withTexts } from './words';

/** The rows of a QWERTY keyboard. Keys are neighbours within a row. */
const KEYS = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm'];

/** A word that a typing error leaves readable has at least this many letters. */
const SHORTEST = 4;
const SHORTEST_CHINESE = 2;

const CHINESE = /^\p{Script=Han}+$/u;

/** Typing errors: a neighbouring key, two letters swapped, one doubled, one missing. Chinese words lose or double a character. */
export function typosTechnique({ share }: { readonly share: number }): Technique {
  return {
    vary(text, draws, isKept) {
      const pieces = piecesOf(text);
      const words = changeable(pieces, isKept).filter((index) => isLong(pieces[index]!.text));
      if (words.length === 0) return undefined;
      const chosen = draws.some(words, shareOf(words.length, share));
      const typed = chosen.map((index) => [index, mistyped(pieces[index]!.text, draws)] as const);
      return textOf(withTexts(pieces, new Map(typed)));
    },
  };
}

function isLong(word: string): boolean {
  return charactersOf(word).length >= (CHINESE.test(word) ? SHORTEST_CHINESE : SHORTEST);
}

type Error = (characters: string[], at: number, draws: Draws) => void;

const missing: Error = (characters, at) => void characters.splice(at, 1);
const doubled: Error = (characters, at) => void characters.splice(at, 0, characters[at]!);
const swapped: Error = (characters, at) => {
  const other = at + 1 < characters.length ? at + 1 : at - 1;
  [characters[at], characters[other]] = [characters[other]!, characters[at]!];
};
const neighbour: Error = (characters, at, draws) => {
  const letter = characters[at]!;
  const near = neighboursOf(letter.toLowerCase());
  if (near.length === 0) return;
  const key = draws.pick(near);
  characters[at] = letter === letter.toLowerCase() ? key : key.toUpperCase();
};

function mistyped(word: string, draws: Draws): string {
  const errors = CHINESE.test(word) ? [missing, doubled] : [neighbour, swapped, doubled, missing];
  const characters = [...charactersOf(word)];
  // The first letter stays, as it nearly always does.
  const first = CHINESE.test(word) ? 0 : 1;
  const at = first + draws.below(characters.length - first);
  draws.pick(errors)(characters, at, draws);
  return characters.join('');
}

function neighboursOf(letter: string): readonly string[] {
  const row = KEYS.find((keys) => keys.includes(letter));
  if (!row) return [];
  const at = row.indexOf(letter);
  return [row[at - 1], row[at + 1]].filter((key) => key !== undefined);
}
