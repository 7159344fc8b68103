/** Comparisons of the distributions that logits stand for. Rows are positions, [positions, vocabulary]. */

/** The logarithms of the probabilities that logits stand for. */
export function logProbabilities(logits: ArrayLike<number>, vocabulary: number): Float64Array {
  const result = new Float64Array(logits.length);
  for (let begin = 0; begin < logits.length; begin += vocabulary) {
    let most = -Infinity;
    for (let i = 0; i < vocabulary; i++) most = Math.max(most, logits[begin + i]!);
    let sum = 0;
    for (let i = 0; i < vocabulary; i++) sum += Math.exp(logits[begin + i]! - most);
    const normaliser = most + Math.log(sum);
    for (let i = 0; i < vocabulary; i++) result[begin + i] = logits[begin + i]! - normaliser;
  }
  return result;
}

/** The largest absolute value. */
export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}
