const { abs, fround } = Math;

/** Adding 1.5 × 2^23 to an f32 below 2^22 leaves an integer in the low bits, rounded half to even. */
const TO_INTEGER = 12582912;

/** ggml calls a group whose values are all smaller than this zero. */
export const NEARLY_ZERO = fround(1e-15);

/**
 * Finds a scale for 16 weights of Q6_K, whose codes are -32 to 31: the least squares fit with weights x². The search tries
 * the inverse scales -(32 + k / 10) / m for k = 0, -9 … -1, 1 … 9, with m the x of largest magnitude, and rounds every x by
 * each. For codes q the best scale is s = Σ x³ q / Σ x² q², and it lowers the squared error by s Σ x³ q. The search keeps
 * the largest reduction.
 *
 * Sums run in order, in f32, and comparisons follow ggml's, so that ties and roundings fall the same way.
 *
 * @param codes receives q + 32 at `codes[at]` and on
 * @returns the scale in f32; 0 if the group is nearly zero
 */
export function searchScale(values: Float32Array, first: number, codes: Uint8Array, at: number): number {
  let furthest = 0;
  for (let i = first; i < first + 16; i++) if (abs(values[i]!) > abs(furthest)) furthest = values[i]!;
  codes.fill(0, at, at + 16);
  if (abs(furthest) < NEARLY_ZERO) return 0;
  let scale = 0;
  let best = 0;
  for (let k = 0; k < FACTORS.length; k++) {
    const inverse = fround(FACTORS[k]! / furthest);
    let product = 0;
    let square = 0;
    for (let i = 0; i < 16; i++) {
      const x = values[first + i]!;
      const q = codeOf(x, inverse);
      tried[i] = q + 32;
      const weight = fround(x * x);
      product = fround(product + fround(fround(weight * x) * q));
      square = fround(square + fround(fround(weight * q) * q));
    }
    if (k === 0 || (square > 0 && fround(product * product) > fround(best * square))) {
      scale = square === 0 ? 0 : fround(product / square);
      best = fround(scale * product);
      codes.set(tried, at);
    }
  }
  return scale;
}

/** The numerators of the inverse scales, in the order of ggml's tries. */
const FACTORS = Float32Array.from(
  [0, -9, -8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  (k) => -fround(32 + fround(fround(0.1) * k)),
);

const tried = new Uint8Array(16);

function codeOf(x: number, inverse: number): number {
  const q = fround(fround(inverse * x) + TO_INTEGER) - TO_INTEGER;
  return q < -32 ? -32 : q > 31 ? 31 : q;
}
