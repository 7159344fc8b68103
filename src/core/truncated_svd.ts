import {
  norm,
  orthonormalizeRows,
  product,
  productWithTransposed,
  subtractProjection,
  symmetricEigen,
} from './linear_algebra';

/** A matrix W [out, in] of which only products with a few vectors at once are available. */
export interface LinearOperator {
  readonly out: number;
  readonly in: number;
  /** x Wᵀ: f32 [count, in] → [count, out]. */
  forward(x: Float32Array<ArrayBuffer>): Promise<Float32Array>;
  /** y W: f32 [count, out] → [count, in]. */
  backward(y: Float32Array<ArrayBuffer>): Promise<Float32Array>;
}

/** The largest singular values of W and their vectors: W ≈ Uᵀ diag(S) V. */
export interface TruncatedSvd {
  /** f64 [rank, out], orthonormal rows; zeros for a singular value of zero. */
  readonly U: Float64Array;
  /** f64 [rank], descending; zeros beyond the rank of W. */
  readonly S: Float64Array;
  /** f64 [rank, in] */
  readonly V: Float64Array;
}

/** How many vectors are iterated: more than are wanted, because the wanted ones then converge faster. */
export function blockOf({ out, in: input }: Pick<LinearOperator, 'out' | 'in'>, rank: number): number {
  return Math.min(out, input, rank + Math.max(8, Math.ceil(rank / 2)));
}

/** Upper limit of products of a block with W Wᵀ; real weights take 20 to 60. */
const MOST_PRODUCTS = 400;
/** Most that one round may amplify the first wanted vector relative to the last: float32 has to hold both. */
const MOST_SPREAD = 1e5;
const MOST_DEGREE = 16;

/** The matrix seen from its shorter side: `up` maps to the longer side, `down` maps back. */
interface Sides {
  readonly short: number;
  readonly long: number;
  readonly up: (x: Float64Array) => Promise<Float64Array>;
  readonly down: (y: Float64Array) => Promise<Float64Array>;
}

function sidesOf(operator: LinearOperator): Sides {
  const { out, in: input } = operator;
  const forward = async (x: Float64Array): Promise<Float64Array> =>
    Float64Array.from(await operator.forward(Float32Array.from(x)));
  const backward = async (y: Float64Array): Promise<Float64Array> =>
    Float64Array.from(await operator.backward(Float32Array.from(y)));
  return input <= out
    ? { short: input, long: out, up: forward, down: backward }
    : { short: out, long: input, up: backward, down: forward };
}

/**
 * The largest `rank` singular values of a matrix and their vectors, by subspace iteration with Chebyshev polynomials
 * (Rutishauser 1969; Zhou and Saad 2007) and Rayleigh–Ritz projections in float64. Only products with W are in float32.
 *
 * It ends as soon as ‖WᵀW v − σ² v‖ ≤ 2⁻²⁴ √(out + in) σ₁² for each wanted vector v, the error that rounding the
 * products causes: the result is then exact for a matrix that differs from W by at most that times σ₁² / σ. If a wanted
 * singular value nearly equals the next one, any basis of their common space satisfies this and is equally right. If
 * the block spans all dimensions, no iteration is needed. After 400 products the function returns the best vectors
 * found.
 *
 * @param random numbers for the start: [count, dimensions]
 */
export async function truncatedSvd(
  operator: LinearOperator,
  rank: number,
  random: (count: number) => Float64Array,
): Promise<TruncatedSvd> {
  const { short: n, long, up, down } = sidesOf(operator);
  const wanted = Math.min(rank, n);
  const width = blockOf(operator, rank);
  const squared = async (x: Float64Array): Promise<Float64Array> => await down(await up(x));
  const tolerance = 2 ** -24 * Math.sqrt(operator.out + operator.in);

  let X = width === n ? identity(n) : random(width * n);
  orthonormalizeRows(X, n);
  /**
   * Number of leading vectors that have converged: they no longer change, and the others are kept orthogonal to them.
   */
  let found = 0;
  let Z: Float64Array = new Float64Array(0);
  for (let products = 0; ;) {
    const fresh = await squared(X.subarray(found * n));
    products++;
    Z = Float64Array.from([...Z.subarray(0, found * n), ...fresh]);
    const { values, vectors } = symmetricEigen(symmetric(productWithTransposed(X, Z, n)));
    X = product(vectors, X, n);
    Z = product(vectors, Z, n);
    const largest = values[0]!;
    const isFound = (i: number): boolean => residual(X, Z, i, values[i]!, n) <= tolerance * largest;
    for (found = 0; found < wanted && isFound(found);) found++;
    if (found === wanted || width === n || products >= MOST_PRODUCTS || !(largest > 0)) break;
    const degree = degreeOf(values, found, wanted);
    const active = await filtered(squared, { X, Z, values, found, degree, n });
    products += degree - 1;
    X.set(active, found * n);
    orthonormalizeRows(X, n, found);
  }
  // Rounded to float32, as `up` rounds them.
  const start = X.slice(0, wanted * n).map(Math.fround);
  const { S, rows, images } = ordered(start, n, await up(start), long);
  return oriented(operator, rank, { S, short: rows, long: images });
}

/**
 * The same as `torch.svd_lowrank(W, q=rank, niter)` (Halko, Martinsson and Tropp 2009, algorithms 4.4 and 5.1): a random
 * start of as many vectors as are wanted, and `iterations` rounds of products with W and Wᵀ.
 */
export async function randomizedSvd(
  operator: LinearOperator,
  rank: number,
  iterations: number,
  random: (count: number) => Float64Array,
): Promise<TruncatedSvd> {
  const { short: n, long: m, up, down } = sidesOf(operator);
  const width = Math.min(rank, n);
  let Q = await up(random(width * n));
  orthonormalizeRows(Q, m);
  for (let round = 0; round < iterations; round++) {
    const P = await down(Q);
    orthonormalizeRows(P, n);
    Q = await up(P);
    orthonormalizeRows(Q, m);
  }
  const { S, rows, images } = ordered(Q, m, await down(Q), n);
  return oriented(operator, rank, { S, short: images, long: rows });
}

/**
 * The degree of the next round's polynomial. A higher degree converges further in a round, but it must not amplify the
 * first of the remaining vectors so far above the last that float32 loses the last.
 */
function degreeOf(values: Float64Array, found: number, wanted: number): number {
  const edge = values.at(-1)!;
  const growth = (value: number): number => {
    const t = (2 * value) / edge - 1;
    return t + Math.sqrt(Math.max(0, t * t - 1));
  };
  const spread = Math.log(growth(values[found]!) / growth(values[wanted - 1]!));
  const most = Math.floor(Math.log(MOST_SPREAD) / Math.max(spread, 1e-9));
  return Number.isFinite(most) ? Math.max(2, Math.min(MOST_DEGREE, most)) : 2;
}

interface Round {
  readonly X: Float64Array;
  /** X WᵀW */
  readonly Z: Float64Array;
  readonly values: Float64Array;
  readonly found: number;
  readonly degree: number;
  readonly n: number;
}

/**
 * Applies to the remaining vectors the Chebyshev polynomial of WᵀW that is small from 0 to the block's smallest value
 * and grows beyond it; scaled as Zhou and Saad do, so that nothing overflows.
 */
async function filtered(
  squared: (x: Float64Array) => Promise<Float64Array>,
  { X, Z, values, found, degree, n }: Round,
): Promise<Float64Array> {
  const top = values[found]!;
  const half = Math.max(values.at(-1)!, top * 1e-12) / 2;
  const first = half / Math.max(top - half, half);
  let scale = first;
  let before = X.slice(found * n);
  let current = Z.slice(found * n).map((z, k) => ((z - half * before[k]!) * first) / half);
  withoutFound(current, X, found, n);
  for (let k = 2; k <= degree; k++) {
    const image = await squared(current);
    const next = 1 / (2 / first - scale);
    const [a, b] = [(2 * next) / half, scale * next];
    const now = current;
    const last = before;
    const after = image.map((value, index) => a * (value - half * now[index]!) - b * last[index]!);
    withoutFound(after, X, found, n);
    [before, current, scale] = [current, after, next];
  }
  return current;
}

function withoutFound(rows: Float64Array, X: Float64Array, found: number, n: number): void {
  for (let row = 0; row < rows.length; row += n) {
    for (let j = 0; j < found; j++) subtractProjection(rows.subarray(row, row + n), X, j);
  }
}

function residual(X: Float64Array, Z: Float64Array, row: number, value: number, n: number): number {
  let square = 0;
  for (let k = row * n; k < (row + 1) * n; k++) square += (Z[k]! - value * X[k]!) ** 2;
  return Math.sqrt(square);
}

/** Averages the two halves of a symmetric product, which rounding makes differ. */
function symmetric(matrix: Float64Array): Float64Array {
  const n = Math.sqrt(matrix.length);
  return matrix.map((value, index) => (value + matrix[(index % n) * n + Math.floor(index / n)]!) / 2);
}

function identity(n: number): Float64Array {
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  return rows;
}

/** Turns orthonormal rows and their images so that the images are orthogonal, the longest first: S are their lengths. */
function ordered(
  rows: Float64Array,
  columns: number,
  images: Float64Array,
  imageColumns: number,
): { readonly S: Float64Array; readonly rows: Float64Array; readonly images: Float64Array } {
  const { values, vectors } = symmetricEigen(productWithTransposed(images, images, imageColumns));
  const turned = product(vectors, images, imageColumns);
  const S = values.map((_, i) => {
    const row = turned.subarray(i * imageColumns, (i + 1) * imageColumns);
    const length = norm(row);
    // A vector this short is only rounding error and has no direction. The comparison is false for NaN, so NaN stays.
    const isNothing = length <= 2 ** -40 * Math.sqrt(values[0]!);
    for (let k = 0; k < imageColumns; k++) row[k] = isNothing ? 0 : row[k]! / length;
    return isNothing ? 0 : length;
  });
  return { S, rows: product(vectors, rows, columns), images: turned };
}

/** Fills up with zeros to the rank. */
function oriented(
  { out, in: input }: LinearOperator,
  rank: number,
  { S, short, long }: Readonly<Record<'S' | 'short' | 'long', Float64Array>>,
): TruncatedSvd {
  const whole = (values: Float64Array, columns: number): Float64Array => {
    const result = new Float64Array(rank * columns);
    result.set(values);
    return result;
  };
  const [U, V] = input <= out ? [long, short] : [short, long];
  return { U: whole(U, out), S: whole(S, 1), V: whole(V, input) };
}
