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

/** The indices of the words that may be changed. */
export function changeable(pieces: readonly Piece[], isKept: (word: string) => boolean): readonly number[] {
  return pieces.flatMap(({ text, isWord }, index) => (isWord && !isKept(text) ? [index] : []));
}
