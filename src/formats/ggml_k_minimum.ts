const { abs, fround, sqrt } = Math;

/** Adding 1.5 × 2^23 to an f32 below 2^22 leaves an integer in the low bits, rounded half to even. */
const TO_INTEGER = 12582912;

/** Writes the codes of `values[first]` and 31 more to `codes[at]` and on, and their fit to element `group` of the others. */
export type SearchFit = (
  values: Float32Array,
  first: number,
  codes: Uint8Array,
  at: number,
  scales: Float32Array,
  minima: Float32Array,
  group: number,
) => void;

/**
 * A search for the scale s and the minimum m of 32 weights of Q4_K or Q5_K, x ≈ s q - m with 0 ≤ q ≤ n and m ≥ 0: the least
 * squares fit with weights w = rms + |x|. The search starts with m = -min(0, min x) and s = (max x + m) / n. Then it rounds
 * x + m by the inverse scales (n + from + k / 10) / (max x + m) for k = 0 … steps, and fits s and m to each set of codes. If
 * that lowers the weighted squared error, the fit is kept, and the next tries begin at its m.
 *
 * Sums run in order, in f32, as ggml's do, so that ties and roundings fall the same way.
 */
export function fitSearch(n: number, from: number, steps: number): SearchFit {
  const numerators = Float32Array.from({ length: steps + 1 }, (_, k) =>
    fround(fround(from + fround(fround(0.1) * k)) + n),
  );
  return (values, first, codes, at, scales, minima, group) => {
    weigh(values, first);
    let low = values[first]!;
    let high = low;
    let weightSum = weights[0]!;
    let valueSum = fround(weightSum * low);
    for (let i = 1; i < 32; i++) {
      const x = values[first + i]!;
      const w = weights[i]!;
      if (x < low) low = x;
      if (x > high) high = x;
      weightSum = fround(weightSum + w);
      valueSum = fround(valueSum + fround(w * x));
    }
    if (low > 0) low = 0;
    codes.fill(0, at, at + 32);
    if (low === high) {
      scales[group] = 0;
      minima[group] = -low;
      return;
    }
    let inverse = fround(n / fround(high - low));
    let scale = fround(1 / inverse);
    round(values, first, low, inverse, n, codes, at);
    let least = errorOf(values, first, codes, at, scale, low);
    for (let k = 0; k <= steps; k++) {
      inverse = fround(numerators[k]! / fround(high - low));
      round(values, first, low, inverse, n, tried, 0);
      let sum = 0;
      let squares = 0;
      let products = 0;
      for (let i = 0; i < 32; i++) {
        const q = tried[i]!;
        const weighted = fround(weights[i]! * q);
        sum = fround(sum + weighted);
        squares = fround(squares + fround(weighted * q));
        products = fround(products + fround(weighted * values[first + i]!));
      }
      const determinant = fround(fround(weightSum * squares) - fround(sum * sum));
      if (!(determinant > 0)) continue;
      let s = fround(fround(fround(weightSum * products) - fround(valueSum * sum)) / determinant);
      let m = fround(fround(fround(squares * valueSum) - fround(sum * products)) / determinant);
      if (m > 0) {
        m = 0;
        s = fround(products / squares);
      }
      const error = errorOf(values, first, tried, 0, s, m);
      if (error < least) {
        least = error;
        scale = s;
        low = m;
        codes.set(tried, at);
      }
    }
    scales[group] = scale;
    minima[group] = -low;
  };
}

const weights = new Float32Array(32);
const tried = new Uint8Array(32);

function weigh(values: Float32Array, first: number): void {
  let squares = 0;
  for (let i = first; i < first + 32; i++) squares = fround(squares + fround(values[i]! * values[i]!));
  const rms = fround(sqrt(fround(squares / 32)));
  for (let i = 0; i < 32; i++) weights[i] = rms + abs(values[first + i]!);
}

/** Codes of the values above `low`. An inverse that overflowed gives codes of 0, as in ggml. */
function round(
  values: Float32Array,
  first: number,
  low: number,
  inverse: number,
  n: number,
  codes: Uint8Array,
  at: number,
): void {
  const factor = inverse === Infinity ? 0 : inverse;
  for (let i = 0; i < 32; i++) {
    const q = fround(fround(factor * fround(values[first + i]! - low)) + TO_INTEGER) - TO_INTEGER;
    codes[at + i] = q < 0 ? 0 : q > n ? n : q;
  }
}

/** The weighted squared error of s q + m. */
function errorOf(
  values: Float32Array,
  first: number,
  codes: Uint8Array,
  at: number,
  s: number,
  m: number,
): number {
  let error = 0;
  for (let i = 0; i < 32; i++) {
    const difference = fround(fround(fround(s * codes[at + i]!) + m) - values[first + i]!);
    error = fround(error + fround(weights[i]! * fround(difference * difference)));
  }
  return error;
}
