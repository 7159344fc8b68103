import { rotation, rotations } from '../../src/ops/rotation';
import { neumannCoefficients } from '../../src/ops/skew';
import { combine, describe, normal, type OpCase } from './case';

/** A square matrix, row after row. */
type Matrix = Float64Array;

function skewFrom(packed: Float64Array, block: number, size: number): Matrix {
  const Q = new Float64Array(size * size);
  let at = (block * size * (size - 1)) / 2;
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) {
      Q[i * size + j] = packed[at]!;
      Q[j * size + i] = -packed[at]!;
      at++;
    }
  }
  return Q;
}

function identity(size: number): Matrix {
  return Float64Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0));
}

function times(a: Matrix, b: Matrix, size: number): Matrix {
  return Float64Array.from({ length: size * size }, (_, i) => {
    const [row, column] = [Math.floor(i / size), i % size];
    let sum = 0;
    for (let k = 0; k < size; k++) sum += a[row * size + k]! * b[k * size + column]!;
    return sum;
  });
}

const transposed = (a: Matrix, size: number): Matrix =>
  a.map((_, i) => a[(i % size) * size + Math.floor(i / size)]!);

/** Gaussian elimination with the largest pivots. */
function inverse(given: Matrix, size: number): Matrix {
  const a = Float64Array.from(given);
  const b = identity(size);
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let i = k; i < size; i++) if (Math.abs(a[i * size + k]!) > Math.abs(a[pivot * size + k]!)) pivot = i;
    for (const m of [a, b]) {
      for (let j = 0; j < size; j++) {
        const held = m[k * size + j]!;
        m[k * size + j] = m[pivot * size + j]!;
        m[pivot * size + j] = held;
      }
    }
    const divisor = a[k * size + k]!;
    for (const m of [a, b]) for (let j = 0; j < size; j++) m[k * size + j]! /= divisor;
    for (let i = 0; i < size; i++) {
      if (i === k) continue;
      const factor = a[i * size + k]!;
      for (const m of [a, b]) for (let j = 0; j < size; j++) m[i * size + j]! -= factor * m[k * size + j]!;
    }
  }
  return b;
}

/** Powers of Q as they are defined, or (I − Q) (I + Q)⁻¹. */
function rotationOf(Q: Matrix, size: number, terms: number): Matrix {
  const I = identity(size);
  if (terms === 0)
    return times(
      I.map((value, i) => value - Q[i]!),
      inverse(
        I.map((value, i) => value + Q[i]!),
        size,
      ),
      size,
    );
  let power = I;
  const sum = new Float64Array(size * size);
  for (const coefficient of neumannCoefficients(terms)) {
    power.forEach((value, i) => (sum[i]! += coefficient * value));
    power = times(power, Q, size);
  }
  return sum;
}

/** The gradient by Q, given that by R, by the rule of products for each power. */
function backThrough(Q: Matrix, G: Matrix, size: number, terms: number): Matrix {
  if (terms === 0) {
    const M = transposed(
      inverse(
        identity(size).map((value, i) => value + Q[i]!),
        size,
      ),
      size,
    );
    return times(times(M, G, size), M, size).map((value) => -2 * value);
  }
  const coefficients = neumannCoefficients(terms);
  const powers = [identity(size)];
  for (let p = 1; p < coefficients.length; p++) powers.push(times(powers[p - 1]!, transposed(Q, size), size));
  const sum = new Float64Array(size * size);
  coefficients.forEach((coefficient, power) => {
    for (let left = 0; left < power; left++) {
      const term = times(times(powers[left]!, G, size), powers[power - 1 - left]!, size);
      term.forEach((value, i) => (sum[i]! += coefficient * value));
    }
  });
  return sum;
}

interface Parameters {
  readonly rows: number;
  readonly blocks: number;
  readonly size: number;
  /** 0: the exact transform. */
  readonly terms: number;
  /** Of the elements of Q. */
  readonly scale?: number;
  readonly limits?: OpCase['limits'];
}

const pairs = (size: number): number => (size * (size - 1)) / 2;

function packedValues({
  blocks,
  size,
  scale = 0.5 / Math.sqrt(size),
}: Parameters): Float32Array<ArrayBuffer> {
  return normal('packed', blocks * pairs(size), scale);
}

function rotationsCase(parameters: Parameters): OpCase {
  const { blocks, size, terms, limits } = parameters;
  return {
    op: 'rotations',
    name: describe({ ...parameters, ...limits }),
    rows: 1,
    inputs: {
      packed: { type: 'f32', shape: [blocks, pairs(size)], data: packedValues(parameters) },
      R: {
        type: 'f32',
        shape: [blocks * size * size],
        data: new Float32Array(blocks * size * size).fill(NaN),
      },
    },
    build(builder, { packed, R }) {
      rotations(builder, { packed: packed!, R: R! }, { size, terms });
      return { R: R! };
    },
    reference: {
      forward({ packed }) {
        const R = new Float64Array(blocks * size * size);
        for (let block = 0; block < blocks; block++) {
          R.set(rotationOf(skewFrom(packed!, block, size), size, terms), block * size * size);
        }
        return { R };
      },
    },
    // A product of a few matrices of norm one, or an elimination of as many steps as rows; elements are at most about one.
    tolerance: {
      R: { factor: 8 * size, magnitudes: new Float64Array(blocks * size * size).fill(1) },
    },
  };
}

function rotationCase(parameters: Parameters): OpCase {
  const { rows, blocks, size, terms, limits } = parameters;
  const width = blocks * size;
  const packed = packedValues(parameters);
  const R = new Float32Array(blocks * size * size);
  for (let block = 0; block < blocks; block++) {
    R.set(rotationOf(skewFrom(Float64Array.from(packed), block, size), size, terms), block * size * size);
  }
  const inBlocks = (of: (block: number, M: Matrix) => void, packedNow: Float64Array): void => {
    for (let block = 0; block < blocks; block++) {
      of(block, rotationOf(skewFrom(packedNow, block, size), size, terms));
    }
  };
  return {
    op: 'rotation',
    name: describe({ ...parameters, ...limits }),
    rows,
    limits,
    inputs: {
      x: { type: 'f32', shape: ['rows', width], data: normal('x', rows * width), wanted: true },
      packed: { type: 'f32', shape: [blocks, pairs(size)], data: packed, wanted: true, parameter: true },
      R: { type: 'f32', shape: [R.length], data: R },
    },
    build: (builder, { x, packed, R }) => ({
      y: rotation(builder, { x: x!, packed: packed!, R: R! }, { size, terms }),
    }),
    reference: {
      // R is an input of the op, and follows from `packed` for the differences.
      forward({ x, packed }) {
        const y = new Float64Array(rows * width);
        inBlocks((block, M) => {
          for (let row = 0; row < rows; row++) {
            for (let c = 0; c < size; c++) {
              for (let k = 0; k < size; k++) {
                const from = row * width + block * size;
                y[from + c]! += x![from + k]! * M[k * size + c]!;
              }
            }
          }
        }, packed!);
        return { y };
      },
      backward({ x, packed }, { y: dy }) {
        const dx = new Float64Array(rows * width);
        const dpacked = new Float64Array(blocks * pairs(size));
        inBlocks((block, M) => {
          const G = new Float64Array(size * size);
          for (let row = 0; row < rows; row++) {
            for (let c = 0; c < size; c++) {
              for (let k = 0; k < size; k++) {
                const from = row * width + block * size;
                dx[from + k]! += dy![from + c]! * M[k * size + c]!;
                G[k * size + c]! += x![from + k]! * dy![from + c]!;
              }
            }
          }
          const dQ = backThrough(skewFrom(packed!, block, size), G, size, terms);
          let at = block * pairs(size);
          for (let i = 0; i < size; i++) {
            for (let j = i + 1; j < size; j++) dpacked[at++] = dQ[i * size + j]! - dQ[j * size + i]!;
          }
        }, packed!);
        return { x: dx, packed: dpacked };
      },
    },
    tolerance: {
      y: 4 * size,
      dx: 4 * size,
      // Sums over the rows of terms of size one, through a few products with matrices of norm about one.
      dpacked: {
        factor: 8 * (rows + size),
        magnitudes: new Float64Array(blocks * pairs(size)).fill(Math.sqrt(rows)),
      },
    },
  };
}

export const cases: readonly OpCase[] = [
  ...combine({ size: [2, 5, 32], terms: [0, 2, 3, 5] }).map((shape) =>
    rotationsCase({ rows: 1, blocks: 3, ...shape }),
  ),
  rotationsCase({ rows: 1, blocks: 2, size: 96, terms: 0, scale: 0.5 }),
  rotationsCase({ rows: 1, blocks: 2, size: 96, terms: 6 }),
  ...combine({ size: [5, 8], terms: [0, 2, 3, 5, 6] }).map((shape) =>
    rotationCase({ rows: 7, blocks: 3, ...shape }),
  ),
  rotationCase({ rows: 1, blocks: 4, size: 2, terms: 5 }),
  rotationCase({ rows: 37, blocks: 2, size: 32, terms: 5 }),
  rotationCase({
    rows: 530,
    blocks: 3,
    size: 8,
    terms: 5,
    limits: { maxStorageBufferBindingSize: 256 * 24 * 4 },
  }),
];
