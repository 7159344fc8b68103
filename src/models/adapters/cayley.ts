import { neumannCoefficients, type CayleyForm } from '../../ops/skew';

/**
 * The rotations of all blocks in float64, [blocks, size, size], as the op `rotations` computes them: the series of a
 * skew-symmetric Q, or 2 (I + Q)⁻¹ − I.
 *
 * @param packed f32 [blocks, size · (size − 1) / 2]
 */
export function cayleyRotations(packed: Float32Array, { size, terms }: CayleyForm): Float64Array {
  const each = (size * (size - 1)) / 2;
  const blocks = packed.length / each;
  const all = new Float64Array(blocks * size * size);
  for (let block = 0; block < blocks; block++) {
    const Q = skewMatrix(packed.subarray(block * each, (block + 1) * each), size);
    all.set(terms === 0 ? rotationOf(Q, size) : seriesOf(Q, { size, terms }), block * size * size);
  }
  return all;
}

function skewMatrix(packed: Float32Array, size: number): Float64Array {
  const Q = new Float64Array(size * size);
  let at = 0;
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++, at++) {
      Q[i * size + j] = packed[at]!;
      Q[j * size + i] = -packed[at]!;
    }
  }
  return Q;
}

/** By Horner's rule, from the highest power down. */
function seriesOf(Q: Float64Array, { size, terms }: CayleyForm): Float64Array {
  let sum = new Float64Array(size * size);
  for (const coefficient of neumannCoefficients(terms).toReversed()) {
    sum = product(Q, sum, size);
    for (let i = 0; i < size; i++) sum[i * (size + 1)]! += coefficient;
  }
  return sum;
}

function product(A: Float64Array, B: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const C = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const factor = A[i * size + k]!;
      for (let j = 0; j < size; j++) C[i * size + j]! += factor * B[k * size + j]!;
    }
  }
  return C;
}

/** 2 (I + Q)⁻¹ − I by Gauss–Jordan elimination. No leading minor of I + Q is below 1, so no rows are exchanged. */
function rotationOf(Q: Float64Array, size: number): Float64Array {
  const M = Float64Array.from(Q);
  for (let i = 0; i < size; i++) M[i * (size + 1)]! += 1;
  for (let k = 0; k < size; k++) {
    const pivot = 1 / M[k * (size + 1)]!;
    M[k * (size + 1)] = 1;
    for (let j = 0; j < size; j++) M[k * size + j]! *= pivot;
    for (let i = 0; i < size; i++) {
      if (i === k) continue;
      const factor = M[i * size + k]!;
      M[i * size + k] = 0;
      for (let j = 0; j < size; j++) M[i * size + j]! -= factor * M[k * size + j]!;
    }
  }
  for (let i = 0; i < size * size; i++) M[i]! *= 2;
  for (let i = 0; i < size; i++) M[i * (size + 1)]! -= 1;
  return M;
}
