import { changeable, type Technique } from './technique';
import { piecesOf, shareOf, textOf, wordsIn, type Piece } from './words';

/** Leaves out a share of the words at random, but never all (random deletion of Wei and Zou 2019, "EDA"). */
export function deletionTechnique({ share }: { readonly share: number }): Technique {
  return {
    vary(text, draws, isKept) {
      const pieces = piecesOf(text);
      const words = changeable(pieces, isKept);
      const most = Math.min(shareOf(wordsIn(pieces).length, share), words.length, wordsIn(pieces).length - 1);
      if (most < 1) return undefined;
      return textOf(without(pieces, new Set(draws.some(words, most))));
    },
  };
}

/** The pieces without some words and the spaces that would be doubled. */
function without(pieces: readonly Piece[], gone: ReadonlySet<number>): readonly Piece[] {
  const left: Piece[] = [];
  for (const [index, piece] of pieces.entries()) {
    if (gone.has(index)) continue;
    const follows = gone.has(index - 1);
    const last = left.at(-1);
    if (follows && piece.text === ' ' && (last === undefined || /\s$/.test(last.text))) continue;
    // A space before a full stop, where a word stood between them.
    if (follows && last?.text === ' ' && /^[.,;:!?)]/.test(piece.text)) left.pop();
    left.push(piece);
  }
  if (left.at(-1)?.text === ' ' && pieces.at(-1)?.text !== ' ') left.pop();
  return left;
}
