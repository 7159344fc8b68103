import type { Draws } from './draws';
import type { Piece } from './words';

/** A way to change a text. */
export interface Technique {
  /**
   * The text changed; undefined if there is nothing to change.
   *
   * @param isKept whether a word has to stay as it is
   */
  vary(text: string, draws: Draws, isKept: (word: string) => boolean): string | undefined;
  /** Set if only the first question of a conversation is changed. */
  readonly onlyFirst?: true;
}

/** Words without which a sentence says the opposite, and Chinese words with such a character. */
const NEGATION =
  /^(?:not?|neither|nor|never|none|nobody|nothing|nowhere|without|except|unless|cannot|\w+n['’]t)$|[不没無无未非勿莫别]|^除/i;

/** The indices of the words that may be changed: no negations, because the answer stays. */
export function changeable(pieces: readonly Piece[], isKept: (word: string) => boolean): readonly number[] {
  return pieces.flatMap(({ text, isWord }, index) =>
    isWord && !isKept(text) && !NEGATION.test(text) ? [index] : [],
  );
}
