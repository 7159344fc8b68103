/** The vocabulary of a BPE tokenizer with its merges. */
export interface Pieces {
  /** The ids of the pieces that merges may make and use, by their text. */
  readonly ids: ReadonlyMap<string, number>;
  /** In the order in which they apply. */
  readonly merges: readonly (readonly [string, string])[];
}

/**
 * The score of each piece that a merge makes, by its id: 0 for the first, then one less each. In a SentencePiece file
 * the best scored piece that two neighbours form is merged first, so the order of the merges determines the scores.
 *
 * Undefined if no scores have the same effect: the merges of a piece must be neighbours in the list, and every way to
 * split a piece into two must be one of its merges, since llama.cpp would use it.
 */
export function pieceScores({ ids, merges }: Pieces): ReadonlyMap<number, number> | undefined {
  const scores = new Map<number, number>();
  const ways = new Map<number, number>();
  let last: number | undefined;
  for (const [left, right] of merges) {
    const id = ids.get(left + right);
    // A merge of another token, such as one for a role, never applies: texts are split at those before.
    if (id === undefined || !ids.has(left) || !ids.has(right)) continue;
    if (id !== last && scores.has(id)) return undefined;
    if (!scores.has(id)) scores.set(id, -scores.size);
    ways.set(id, (ways.get(id) ?? 0) + 1);
    last = id;
  }
  for (const [piece, id] of ids) {
    if (waysToSplit(piece, ids) !== (ways.get(id) ?? 0)) return undefined;
  }
  return scores;
}

function waysToSplit(piece: string, ids: ReadonlyMap<string, number>): number {
  let count = 0;
  for (let at = 1; at < piece.length; at++) {
    if (ids.has(piece.slice(0, at)) && ids.has(piece.slice(at))) count++;
  }
  return count;
}
