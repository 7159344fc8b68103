import { changeable, type Technique } from './technique';
import { piecesOf, shareOf, textOf, wordsIn } from './words';

/** Swaps two words at random, once for each of a share of the words (random swap of Wei and Zou 2019, "EDA"). */
export function swapTechnique({ share }: { readonly share: number }): Technique {
  return {
    vary(text, draws, isKept) {
      const pieces = [...piecesOf(text)];
      const words = changeable(pieces, isKept);
      if (words.length < 2) return undefined;
      const times = shareOf(wordsIn(pieces).length, share);
      for (let time = 0; time < times; time++) {
        const [a = 0, b = 0] = draws.some(words, 2);
        [pieces[a], pieces[b]] = [pieces[b]!, pieces[a]!];
      }
      return textOf(pieces);
    },
  };
}
