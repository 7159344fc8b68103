import { rotaryCache } from '../../src/ops/rotary_cache';
import { combine, describe, normal, type OpCase } from './case';

const CACHE_ROWS = 20;
const PAST = 7;

interface Parameters {
  readonly rows: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** No rotation without it. */
  readonly dim?: number;
  readonly interleaved?: boolean;
  readonly limits?: OpCase['limits'];
}

function rotaryCacheCase({ limits, ...parameters }: Parameters): OpCase {
  const { rows, heads, kvHeads, headDim, dim = 0, interleaved = false } = parameters;
  const half = dim / 2;
  const turned = (x: Float64Array, count: number, table: Float64Array | undefined): Float64Array =>
    x.map((value, index) => {
      const i = index % headDim;
      if (!table || i >= dim) return value;
      const entry = (PAST + Math.floor(index / (count * headDim))) * dim + (interleaved ? i >> 1 : i % half);
      const isFirst = interleaved ? i % 2 === 0 : i < half;
      const distance = interleaved ? 1 : half;
      const crossed = isFirst ? -x[index + distance]! : x[index - distance]!;
      return value * table[entry]! + crossed * table[entry + half]!;
    });
  const appended = (cache: Float64Array, fresh: Float64Array): Float64Array => {
    const whole = cache.slice();
    whole.set(fresh, PAST * kvHeads * headDim);
    return whole;
  };
  const f32 = (name: string, shape: readonly (number | 'rows')[]): OpCase['inputs'][string] => {
    const count = shape.reduce<number>((product, size) => product * (size === 'rows' ? rows : size), 1);
    return { type: 'f32', shape, data: normal(name, count) };
  };
  const rotary = dim > 0 ? { dim, interleaved } : undefined;
  // Two products and their sum, of values of up to 4.
  const magnitudes = new Float64Array(Math.max(rows * heads, CACHE_ROWS * kvHeads) * headDim).fill(16);
  return {
    op: 'rotary_cache',
    name: describe({ ...parameters, ...limits }),
    rows,
    run: { past: PAST },
    limits,
    inputs: {
      q: f32('q', ['rows', heads * headDim]),
      k: f32('k', ['rows', kvHeads * headDim]),
      v: f32('v', ['rows', kvHeads * headDim]),
      keyCache: f32('keyCache', [CACHE_ROWS, kvHeads * headDim]),
      valueCache: f32('valueCache', [CACHE_ROWS, kvHeads * headDim]),
      ...(rotary && { table: f32('table', [CACHE_ROWS, dim]) }),
    },
    build(builder, { q, k, v, keyCache, valueCache, table }) {
      const inputs = { q: q!, k: k!, v: v!, keyCache: keyCache!, valueCache: valueCache!, table };
      const attributes = { heads, kvHeads, headDim, rotary };
      return { y: rotaryCache(builder, inputs, attributes), keyCache: keyCache!, valueCache: valueCache! };
    },
    reference: {
      forward: ({ q, k, v, keyCache, valueCache, table }) => ({
        y: turned(q!, heads, table),
        keyCache: appended(keyCache!, turned(k!, kvHeads, table)),
        valueCache: appended(valueCache!, v!),
      }),
    },
    tolerance: { y: { factor: 2, magnitudes }, keyCache: { factor: 2, magnitudes }, valueCache: 0 },
  };
}

export const cases: readonly OpCase[] = [
  ...combine({ rows: [1, 9], interleaved: [false, true], dim: [12, 8] }).map((parameters) =>
    rotaryCacheCase({ ...parameters, heads: 4, kvHeads: 2, headDim: 12 }),
  ),
  rotaryCacheCase({ rows: 1, heads: 3, kvHeads: 1, headDim: 6 }),
  rotaryCacheCase({
    ...{ rows: 9, heads: 6, kvHeads: 2, headDim: 64, dim: 64 },
    limits: { maxComputeWorkgroupsPerDimension: 3 },
  }),
];
