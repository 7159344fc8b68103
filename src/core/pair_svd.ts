import { norm, orthonormalizeRows, product, productWithTransposed, symmetricEigen } from './linear_algebra';
import type { TruncatedSvd } from './truncated_svd';

/** A low-rank matrix B A as its two factors. */
export interface Pair {
  /** f32 [rank, in] */
  readonly A: Float32Array;
  /** f32 [out, rank] */
  readonly B: Float32Array;
}

/**
 * All singular values of B A and their vectors, in float64. With orthonormal bases of the rows of A and of the columns of
 * B, it is the decomposition of a matrix [rank, rank].
 */
export function pairSvd({ A, B }: Pair, rank: number): TruncatedSvd {
  const input = A.length / rank;
  const out = B.length / rank;
  const rowsOfA = Float64Array.from(A);
  const columnsOfB = transposed(B, out, rank);
  const right = rowsOfA.slice();
  const left = columnsOfB.slice();
  orthonormalizeRows(right, input);
  orthonormalizeRows(left, out);
  // B A = leftᵀ (left B) (A rightᵀ) right
  const core = product(
    productWithTransposed(left, columnsOfB, out),
    productWithTransposed(rowsOfA, right, input),
    rank,
  );
  const turned = transposed(core, rank, rank);
  const { vectors } = symmetricEigen(productWithTransposed(turned, turned, rank));
  const images = productWithTransposed(vectors, core, rank);
  const lengths = Array.from({ length: rank }, (_, i) => norm(images.subarray(i * rank, (i + 1) * rank)));
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]!);
  const sorted = (rows: Float64Array): Float64Array =>
    Float64Array.from(order.flatMap((i) => [...rows.subarray(i * rank, (i + 1) * rank)]));
  const ends = sorted(images);
  orthonormalizeRows(ends, rank);
  return {
    U: product(ends, left, out),
    S: Float64Array.from(order, (i) => lengths[i]!),
    V: product(sorted(vectors), right, input),
  };
}

/** The pair of the first `rank` singular values, whose square roots go to both factors. */
export function cutPair({ U, S, V }: TruncatedSvd, rank: number): Pair {
  const [out, input] = [U.length / S.length, V.length / S.length];
  const A = new Float32Array(rank * input);
  const B = new Float32Array(out * rank);
  for (let j = 0; j < rank; j++) {
    const root = Math.sqrt(S[j]!);
    for (let k = 0; k < input; k++) A[j * input + k] = root * V[j * input + k]!;
    for (let row = 0; row < out; row++) B[row * rank + j] = root * U[j * out + row]!;
  }
  return { A, B };
}

function transposed(matrix: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j]!;
  }
  return result;
}
