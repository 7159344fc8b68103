import { rotary } from '../../src/ops/rotary';
import { combine, describe, integers, normal, type Arrays, type OpCase } from './case';

const MAX_POSITIONS = 50;

interface Parameters {
  readonly rows: number;
  readonly heads: number;
  readonly headDim: number;
  /** All of headDim unless given. */
  readonly dim?: number;
  readonly interleaved?: boolean;
  readonly limits?: OpCase['limits'];
}

function rotaryCase({ limits, ...parameters }: Parameters): OpCase {
  const { rows, heads, headDim, dim = headDim, interleaved = false } = parameters;
  const half = dim / 2;
  // Any table does: the op does not ask that cos² + sin² be 1.
  const table = normal('table', MAX_POSITIONS * dim);
  const positions = integers('positions', rows, MAX_POSITIONS);
  positions.set([MAX_POSITIONS - 1, 0].slice(0, rows));
  /** Of an element of a head: its angle's number, and how far away the other one of its pair is. */
  const pairOf = (i: number): { angle: number; partner: number } => {
    if (interleaved) return { angle: Math.floor(i / 2), partner: i % 2 === 0 ? 1 : -1 };
    return { angle: i % half, partner: i < half ? half : -half };
  };
  const rotate = ({ positions, table }: Arrays, x: Float64Array, direction: number): Float64Array =>
    x.map((value, index) => {
      const i = index % headDim;
      if (i >= dim) return value;
      const { angle, partner } = pairOf(i);
      const entry = positions![Math.floor(index / (heads * headDim))]! * dim + angle;
      const crossed = -Math.sign(partner) * x[index + partner]!;
      return value * table![entry]! + direction * crossed * table![entry + half]!;
    });
  return {
    op: 'rotary',
    name: describe({ ...parameters, ...limits }),
    rows,
    limits,
    inputs: {
      x: {
        type: 'f32',
        shape: ['rows', heads * headDim],
        data: normal('x', rows * heads * headDim),
        wanted: true,
      },
      positions: { type: 'u32', shape: ['rows'], data: positions },
      table: { type: 'f32', shape: [MAX_POSITIONS, dim], data: table },
    },
    build: (builder, { x, positions, table }) => ({
      y: rotary(
        builder,
        { x: x!, positions: positions!, table: table! },
        { heads, headDim, dim, interleaved },
      ),
    }),
    reference: {
      forward: (values) => ({ y: rotate(values, values['x']!, 1) }),
      backward: (values, { y }) => ({ x: rotate(values, y!, -1) }),
    },
    // Two products and their sum, of values of up to 4.
    tolerance: {
      y: { factor: 2, magnitudes: new Float64Array(rows * heads * headDim).fill(16) },
      dx: { factor: 2, magnitudes: new Float64Array(rows * heads * headDim).fill(16) },
    },
  };
}

const limits = { maxComputeWorkgroupsPerDimension: 3 };

export const cases: readonly OpCase[] = [
  ...combine({ rows: [1, 9], heads: [1, 3], headDim: [2, 12, 16, 64, 256] }).map(rotaryCase),
  ...combine({ rows: [1, 9], heads: [1, 3], headDim: [2, 12, 64], interleaved: [true] }).map(rotaryCase),
  // A part of each head: in vectors of four, in single elements, and in pairs.
  ...combine({
    rows: [1, 9],
    heads: [3],
    headDim: [32, 36],
    dim: [2, 12, 16, 24],
    interleaved: [false, true],
  }).map(rotaryCase),
  rotaryCase({ rows: 5, heads: 2, headDim: 18, dim: 8 }),
  rotaryCase({ rows: 30, heads: 4, headDim: 32, limits }),
  rotaryCase({ rows: 30, heads: 4, headDim: 32, dim: 16, limits }),
  rotaryCase({ rows: 30, heads: 4, headDim: 32, dim: 16, interleaved: true, limits }),
];
