/** Comparisons of weights, and of the distributions that logits stand for. Rows are positions, [positions, vocabulary]. */

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

/** The mean over the positions of Σ p · (log p − log q). Both are logarithms of probabilities. */
export function divergence(p: Float64Array, q: Float64Array, vocabulary: number): number {
  if (p.length !== q.length) return NaN;
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += Math.exp(p[i]!) * (p[i]! - q[i]!);
  return sum / (p.length / vocabulary);
}

/** The largest absolute value. */
export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}

/** The root of the squared differences over the squares. */
export function relativeError(expected: ArrayLike<number>, found: ArrayLike<number>): number {
  let [error, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    error += (expected[i]! - found[i]!) ** 2;
    size += expected[i]! ** 2;
  }
  return Math.sqrt(error / size);
}

/** The typical distance of a logit from the mean of its position. */
export function deviation(logits: ArrayLike<number>, vocabulary: number): number {
  let squares = 0;
  for (let begin = 0; begin < logits.length; begin += vocabulary) {
    let sum = 0;
    for (let i = 0; i < vocabulary; i++) sum += logits[begin + i]!;
    for (let i = 0; i < vocabulary; i++) squares += (logits[begin + i]! - sum / vocabulary) ** 2;
  }
  return Math.sqrt(squares / logits.length);
}
