/** Small dense matrices in float64, row after row. */

/**
 * A row counts as dependent if less than this share of its length is left after projection onto the others is removed.
 */
const DEPENDENT = 1e-12;

/**
 * Makes the rows from `first` on orthonormal to each other and to the rows before them, which are orthonormal already
 * (Gram–Schmidt, twice, so that the result is orthonormal to rounding). A row that lies within those before it becomes zero.
 *
 * @param rows [count, columns], changed in place
 */
export function orthonormalizeRows(rows: Float64Array, columns: number, first = 0): void {
  const count = rows.length / columns;
  for (let i = first; i < count; i++) {
    const row = rows.subarray(i * columns, (i + 1) * columns);
    const before = norm(row);
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) subtractProjection(row, rows, j);
    }
    const after = norm(row);
    const isDependent = !(after > DEPENDENT * before);
    for (let k = 0; k < columns; k++) row[k] = isDependent ? 0 : row[k]! / after;
  }
}

/** Removes from a vector its component along row `j` of an orthonormal basis. */
export function subtractProjection(vector: Float64Array, basis: Float64Array, j: number): void {
  const offset = j * vector.length;
  let product = 0;
  for (let k = 0; k < vector.length; k++) product += vector[k]! * basis[offset + k]!;
  for (let k = 0; k < vector.length; k++) vector[k]! -= product * basis[offset + k]!;
}

export function norm(vector: Float64Array): number {
  let square = 0;
  for (const value of vector) square += value * value;
  return Math.sqrt(square);
}

/** a bᵀ of a [m, columns] and b [n, columns]: [m, n]. */
export function productWithTransposed(a: Float64Array, b: Float64Array, columns: number): Float64Array {
  const [m, n] = [a.length / columns, b.length / columns];
  const result = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += a[i * columns + k]! * b[j * columns + k]!;
      result[i * n + j] = sum;
    }
  }
  return result;
}

/** a b of a [m, n] and b [n, columns]: [m, columns]. */
export function product(a: Float64Array, b: Float64Array, columns: number): Float64Array {
  const n = b.length / columns;
  const m = a.length / n;
  const result = new Float64Array(m * columns);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const factor = a[i * n + j]!;
      if (factor === 0) continue;
      for (let k = 0; k < columns; k++) result[i * columns + k]! += factor * b[j * columns + k]!;
    }
  }
  return result;
}

export interface Eigen {
  /** Descending. */
  readonly values: Float64Array;
  /** Orthonormal rows [n, n]: row i belongs to value i. */
  readonly vectors: Float64Array;
}

/** Upper limit of sweeps over all pairs; a handful is usual. */
const MOST_SWEEPS = 60;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix [n, n] by Jacobi's rotations (Golub and Van Loan, "Matrix Computations",
 * section 8.5). A matrix that is nearly diagonal takes few of them.
 */
export function symmetricEigen(matrix: Float64Array): Eigen {
  const n = Math.sqrt(matrix.length);
  const a = Float64Array.from(matrix);
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  const negligible = norm(a) * Number.EPSILON * 1e-3;
  let rotated = n > 1;
  for (let sweep = 0; rotated && sweep < MOST_SWEEPS; sweep++) {
    rotated = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const apq = a[p * n + q]!;
        // Written with "not" so that NaN ends the loop as well.
        if (!(Math.abs(apq) > negligible)) continue;
        rotated = true;
        const tau = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
        const t = Math.sign(tau || 1) / (Math.abs(tau) + Math.hypot(1, tau));
        const c = 1 / Math.hypot(1, t);
        rotateColumns(a, n, p, q, c, t * c);
        rotateRows(a, n, p, q, c, t * c);
        rotateRows(vectors, n, p, q, c, t * c);
      }
    }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]!);
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => sorted.set(vectors.subarray(from * n, (from + 1) * n), to * n));
  return { values: Float64Array.from(order, (i) => a[i * n + i]!), vectors: sorted };
}

function rotateRows(a: Float64Array, n: number, p: number, q: number, c: number, s: number): void {
  for (let k = 0; k < n; k++) {
    const [x, y] = [a[p * n + k]!, a[q * n + k]!];
    a[p * n + k] = c * x - s * y;
    a[q * n + k] = s * x + c * y;
  }
}

function rotateColumns(a: Float64Array, n: number, p: number, q: number, c: number, s: number): void {
  for (let k = 0; k < n; k++) {
    const [x, y] = [a[k * n + p]!, a[k * n + q]!];
    a[k * n + p] = c * x - s * y;
    a[k * n + q] = s * x + c * y;
  }
}
