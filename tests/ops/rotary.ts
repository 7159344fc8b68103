import { rotary } from '../../src/ops/rotary';
import { combine, describe, integers, normal, type Arrays, type OpCase } from './case';

const MAX_POSITIONS = 50;

interface Parameters {
  readonly rows: number;
  readonly heads: number;
  readonly headDim: number;
  readonly limits?: OpCase['limits'];
}

function rotaryCase({ limits, ...parameters }: Parameters): OpCase {
  const { rows, heads, headDim } = parameters;
  const half = headDim / 2;
  // Any table does: the op does not ask that cos² + sin² be 1.
  const table = normal('table', MAX_POSITIONS * headDim);
  const positions = integers('positions', rows, MAX_POSITIONS);
  positions.set([MAX_POSITIONS - 1, 0].slice(0, rows));
  const rotate = ({ positions, table }: Arrays, x: Float64Array, direction: number): Float64Array =>
    x.map((value, index) => {
      const i = index % headDim;
      const entry = positions![Math.floor(index / (heads * headDim))]! * headDim + (i % half);
      const partner = i < half ? -x[index + half]! : x[index - half]!;
      return value * table![entry]! + direction * partner * table![entry + half]!;
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
      table: { type: 'f32', shape: [MAX_POSITIONS, headDim], data: table },
    },
    build: (builder, { x, positions, table }) => ({
      y: rotary(
        builder,
        { x: x!, positions: positions!, table: table! },
        { heads, headDim, dim: headDim, interleaved: false },
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

export const cases: readonly OpCase[] = [
  ...combine({ rows: [1, 9], heads: [1, 3], headDim: [2, 12, 16, 64] }).map(rotaryCase),
  rotaryCase({ rows: 30, heads: 4, headDim: 32, limits: { maxComputeWorkgroupsPerDimension: 3 } }),
];
