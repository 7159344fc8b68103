import { cachedShortConvolution, shortConvolution } from '../../src/ops/short_convolution';
import { combine, describe, normal, type Arrays, type CaseInput, type OpCase } from './case';

interface Parameters {
  /** Rows of each example. */
  readonly lengths: readonly number[];
  readonly channels: number;
  readonly kernel: number;
  readonly bias: boolean;
  /** Weight and bias. */
  readonly trainable?: true;
  readonly limits?: OpCase['limits'];
}

interface Shape {
  readonly channels: number;
  readonly kernel: number;
}

/** Calls back with every pair of a row and one that it sees, and the place of the weight between them. */
type Pairs = (use: (row: number, earlier: number, k: number) => void) => void;

const gate = (bcx: Float64Array, row: number, part: 0 | 1 | 2, c: number, channels: number): number =>
  bcx[(3 * row + part) * channels + c]!;

function convolved(
  { bcx, weight, bias }: Arrays,
  rows: number,
  { channels, kernel }: Shape,
  pairs: Pairs,
): Float64Array {
  const v = Float64Array.from({ length: rows * channels }, (_, i) => bias?.[i % channels] ?? 0);
  pairs((row, earlier, k) => {
    for (let c = 0; c < channels; c++) {
      const u = gate(bcx!, earlier, 0, c, channels) * gate(bcx!, earlier, 2, c, channels);
      v[row * channels + c]! += weight![c * kernel + k]! * u;
    }
  });
  return v;
}

function backward(
  { bcx, weight, bias }: Arrays,
  dy: Float64Array,
  rows: number,
  { channels, kernel }: Shape,
  pairs: Pairs,
): Record<string, Float64Array> {
  const v = convolved(
    { bcx: bcx!, weight: weight!, ...(bias && { bias }) },
    rows,
    { channels, kernel },
    pairs,
  );
  const dbcx = new Float64Array(bcx!.length);
  const dweight = new Float64Array(weight!.length);
  const dbias = new Float64Array(channels);
  for (let i = 0; i < v.length; i++) {
    const [row, c] = [Math.floor(i / channels), i % channels];
    dbcx[(3 * row + 1) * channels + c] = dy[i]! * v[i]!;
    dbias[c]! += dy[i]! * gate(bcx!, row, 1, c, channels);
  }
  pairs((row, earlier, k) => {
    for (let c = 0; c < channels; c++) {
      const dv = dy[row * channels + c]! * gate(bcx!, row, 1, c, channels);
      const du = weight![c * kernel + k]! * dv;
      const u = gate(bcx!, earlier, 0, c, channels) * gate(bcx!, earlier, 2, c, channels);
      dweight[c * kernel + k]! += dv * u;
      dbcx[3 * earlier * channels + c]! += du * gate(bcx!, earlier, 2, c, channels);
      dbcx[(3 * earlier + 2) * channels + c]! += du * gate(bcx!, earlier, 0, c, channels);
    }
  });
  return { bcx: dbcx, weight: dweight, bias: dbias };
}

function inputsOf(
  rows: number,
  { channels, kernel }: Shape,
  bias: boolean,
  trained: Partial<CaseInput> = {},
): Record<string, CaseInput> {
  const input = (name: string, shape: CaseInput['shape'], count: number): CaseInput => {
    return { type: 'f32', shape, data: normal(name, count) };
  };
  return {
    bcx: { ...input('bcx', ['rows', 3 * channels], rows * 3 * channels), wanted: true },
    weight: { ...input('weight', [channels * kernel], channels * kernel), ...trained },
    ...(bias && { bias: { ...input('bias', [channels], channels), ...trained } }),
  };
}

/** Products of three or four values of up to 4, and as many sums as the kernel is long. */
const magnitudes = (count: number, kernel: number): Float64Array =>
  new Float64Array(count).fill(16 * (kernel + 1));

function segmentsCase({ limits, ...parameters }: Parameters): OpCase {
  const { lengths, channels, kernel, bias, trainable } = parameters;
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const segments = new Uint32Array(2 * rows);
  let first = 0;
  for (const length of lengths) {
    for (let row = first; row < first + length; row++) segments.set([first, first + length], 2 * row);
    first += length;
  }
  const pairs: Pairs = (use) => {
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < kernel; k++) {
        const earlier = row - (kernel - 1) + k;
        if (earlier >= segments[2 * row]!) use(row, earlier, k);
      }
    }
  };
  return {
    op: 'short_convolution',
    name: describe({ ...parameters, ...limits }),
    rows,
    limits,
    inputs: {
      ...inputsOf(rows, { channels, kernel }, bias, trainable && { wanted: true, parameter: true }),
      segments: { type: 'u32', shape: ['rows', 2], data: segments },
    },
    build: (builder, { bcx, weight, bias: added, segments: of }) => ({
      y: shortConvolution(builder, { bcx: bcx!, weight: weight!, bias: added, segments: of! }),
    }),
    reference: {
      forward: (values) => ({
        y: convolved(values, rows, { channels, kernel }, pairs).map(
          (v, i) => v * gate(values['bcx']!, Math.floor(i / channels), 1, i % channels, channels),
        ),
      }),
      backward: (values, { y: dy }) => backward(values, dy!, rows, { channels, kernel }, pairs),
    },
    tolerance: {
      y: { factor: kernel + 2, magnitudes: magnitudes(rows * channels, kernel) },
      dbcx: { factor: kernel + 2, magnitudes: magnitudes(3 * rows * channels, kernel) },
      dweight: { factor: rows + 3, magnitudes: magnitudes(channels * kernel, kernel) },
      dbias: { factor: rows + 1, magnitudes: magnitudes(channels, kernel) },
    },
  };
}

interface CachedParameters extends Shape {
  readonly rows: number;
  readonly past: number;
  readonly bias: boolean;
}

const RING = 16;

/** The sequence's earlier rows lie in the ring; no row beyond them is one that the kernel may read. */
function cachedCase(parameters: CachedParameters): OpCase {
  const { rows, past, channels, kernel, bias } = parameters;
  const state = normal('state', RING * channels);
  const after = (values: Arrays): Float64Array => {
    const whole = values['state']!.slice();
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < channels; c++) {
        const u = gate(values['bcx']!, row, 0, c, channels) * gate(values['bcx']!, row, 2, c, channels);
        whole[((past + row) % RING) * channels + c] = u;
      }
    }
    return whole;
  };
  const forward = (values: Arrays): Float64Array => {
    const pairs: Pairs = (use) => {
      for (let row = 0; row < rows; row++)
        for (let k = Math.max(0, kernel - 1 - row); k < kernel; k++) use(row, row - (kernel - 1) + k, k);
    };
    const v = convolved(values, rows, { channels, kernel }, pairs);
    for (let row = 0; row < Math.min(rows, kernel - 1); row++) {
      for (let k = 0; k < kernel - 1 - row; k++) {
        const position = past + row - (kernel - 1) + k;
        if (position < 0) continue;
        for (let c = 0; c < channels; c++) {
          const u = values['state']![(position % RING) * channels + c]!;
          v[row * channels + c]! += values['weight']![c * kernel + k]! * u;
        }
      }
    }
    return v.map(
      (value, i) => value * gate(values['bcx']!, Math.floor(i / channels), 1, i % channels, channels),
    );
  };
  return {
    op: 'cached_short_convolution',
    name: describe({ ...parameters }),
    rows,
    run: { past },
    inputs: {
      ...inputsOf(rows, { channels, kernel }, bias),
      bcx: { ...inputsOf(rows, { channels, kernel }, bias)['bcx']!, wanted: false },
      state: { type: 'f32', shape: [RING, channels], data: state },
    },
    build(builder, { bcx, weight, bias: added, state: ring }) {
      const y = cachedShortConvolution(builder, { bcx: bcx!, weight: weight!, bias: added, state: ring! });
      return { y, state: ring! };
    },
    reference: { forward: (values) => ({ y: forward(values), state: after(values) }) },
    tolerance: {
      y: { factor: kernel + 2, magnitudes: magnitudes(rows * channels, kernel) },
      state: { factor: 1, magnitudes: magnitudes(RING * channels, kernel) },
    },
  };
}

export const cases: readonly OpCase[] = [
  // Examples that are shorter than the kernel, as long, and longer.
  ...combine({
    lengths: [[1], [9], [2, 1, 3, 7], [1, 1, 1, 1]],
    channels: [1, 5],
    kernel: [3, 1, 4],
    bias: [false, true],
  }).map(segmentsCase),
  segmentsCase({
    ...{ lengths: [30, 3, 40], channels: 64, kernel: 3, bias: false },
    limits: { maxComputeWorkgroupsPerDimension: 3 },
  }),
  ...combine({ lengths: [[1], [2, 1, 30, 7]], channels: [5], kernel: [3], bias: [false, true] }).map(
    (parameters) => segmentsCase({ ...parameters, trainable: true }),
  ),
  ...combine({
    rows: [1, 9],
    past: [0, 1, 2, 7, 15, 33],
    channels: [5],
    kernel: [3, 4],
    bias: [false, true],
  }).map(cachedCase),
];
