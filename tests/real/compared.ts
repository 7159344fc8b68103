import { divergence } from '../exports/logits';

/** Comparisons of a program's probabilities for one text with those of base and adapter. All are logarithms. */

/** A text and the number of tokens that it has probabilities for. */
export interface Text {
  readonly ids: readonly number[];
  readonly vocabulary: number;
}

export interface Compared {
  /** Kullback-Leibler divergence in nats, the mean over the positions. */
  readonly divergence: number;
  /** The root of the mean squared difference of the text's own tokens. */
  readonly tokenError: number;
  /** Positions at which both have the same likeliest token. */
  readonly agreeing: number;
}

/** @param expected [ids, vocabulary], @param found the same */
export function compared({ ids, vocabulary }: Text, expected: Float64Array, found: Float64Array): Compared {
  const own = ids.slice(1).map((id, position) => position * vocabulary + id);
  const squares = own.reduce((sum, at) => sum + (expected[at]! - found[at]!) ** 2, 0);
  const [ours, theirs] = [expected, found].map((rows) => likeliest(rows, vocabulary));
  return {
    divergence: divergence(expected, found, vocabulary),
    tokenError: Math.sqrt(squares / own.length),
    agreeing: ours!.filter((id, position) => id === theirs![position]).length,
  };
}

/** e to the power of the text's mean loss. */
export function perplexity({ ids, vocabulary }: Text, rows: Float64Array): number {
  const losses = ids.slice(1).map((id, position) => -rows[position * vocabulary + id]!);
  return Math.exp(losses.reduce((sum, loss) => sum + loss, 0) / losses.length);
}

/** The likeliest token after each position. */
export function likeliest(rows: ArrayLike<number>, vocabulary: number): readonly number[] {
  return Array.from({ length: rows.length / vocabulary }, (_, position) => {
    const begin = position * vocabulary;
    let best = 0;
    for (let id = 1; id < vocabulary; id++) if (rows[begin + id]! > rows[begin + best]!) best = id;
    return best;
  });
}
