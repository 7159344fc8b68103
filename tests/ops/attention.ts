import { attention, cachedAttention, type AttentionAttributes } from '../../src/ops/attention';
import { rotaryCache } from '../../src/ops/rotary_cache';
import { combine, describe, normal, type Arrays, type OpCase } from './case';

interface Sizes {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly window?: number;
}

function attributesOf({ heads, kvHeads, headDim, window }: Sizes): AttentionAttributes {
  return { heads, kvHeads, headDim, scale: 1 / Math.sqrt(headDim), window };
}

/** First row and end of each row's example, for examples of the given lengths. */
function segmentsOf(lengths: readonly number[]): Uint32Array<ArrayBuffer> {
  const pairs: number[] = [];
  for (const length of lengths) {
    const first = pairs.length / 2;
    for (let i = 0; i < length; i++) pairs.push(first, first + length);
  }
  return Uint32Array.from(pairs);
}

function dot(a: Float64Array, i: number, b: Float64Array, j: number, length: number): number {
  let sum = 0;
  for (let d = 0; d < length; d++) sum += a[i + d]! * b[j + d]!;
  return sum;
}

/** target[j …] += factor · a[i …] */
function addScaled(
  target: Float64Array,
  j: number,
  factor: number,
  a: Float64Array,
  i: number,
  length: number,
): void {
  for (let d = 0; d < length; d++) target[j + d]! += factor * a[i + d]!;
}

/** The keys that a row sees: first … last. */
type Range = (row: number) => readonly [first: number, last: number];

/** Calls back for each row and head with the place of its query and of the keys it sees, and the keys' weights. */
function forEachHead(
  q: Float64Array,
  k: Float64Array,
  { heads, kvHeads, headDim, scale }: AttentionAttributes,
  range: Range,
  each: (place: number, keys: readonly number[], weights: readonly number[]) => void,
): void {
  for (let row = 0; row < q.length / (heads * headDim); row++) {
    const [first, last] = range(row);
    for (let head = 0; head < heads; head++) {
      const place = (row * heads + head) * headDim;
      const keys: number[] = [];
      for (let j = first; j <= last; j++) {
        keys.push((j * kvHeads + Math.floor((head * kvHeads) / heads)) * headDim);
      }
      const scores = keys.map((key) => scale * dot(q, place, k, key, headDim));
      const highest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - highest));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      each(
        place,
        keys,
        weights.map((weight) => weight / sum),
      );
    }
  }
}

function forward(
  { q, k, v }: { readonly q: Float64Array; readonly k: Float64Array; readonly v: Float64Array },
  attributes: AttentionAttributes,
  range: Range,
): Float64Array {
  const o = new Float64Array(q.length);
  forEachHead(q, k, attributes, range, (place, keys, weights) => {
    keys.forEach((key, j) => addScaled(o, place, weights[j]!, v, key, attributes.headDim));
  });
  return o;
}

function backward(
  { q, k, v }: { readonly q: Float64Array; readonly k: Float64Array; readonly v: Float64Array },
  dO: Float64Array,
  attributes: AttentionAttributes,
  range: Range,
): { q: Float64Array; k: Float64Array; v: Float64Array } {
  const { headDim, scale } = attributes;
  const gradients = {
    q: new Float64Array(q.length),
    k: new Float64Array(k.length),
    v: new Float64Array(v.length),
  };
  forEachHead(q, k, attributes, range, (place, keys, weights) => {
    const dWeights = keys.map((key) => dot(dO, place, v, key, headDim));
    const mean = dWeights.reduce((sum, value, j) => sum + value * weights[j]!, 0);
    keys.forEach((key, j) => {
      const dScore = scale * weights[j]! * (dWeights[j]! - mean);
      addScaled(gradients.v, key, weights[j]!, dO, place, headDim);
      addScaled(gradients.q, place, dScore, k, key, headDim);
      addScaled(gradients.k, key, dScore, q, place, headDim);
    });
  });
  return gradients;
}

function windowed(window: number | undefined, row: number): number {
  return window === undefined ? 0 : Math.max(0, row + 1 - window);
}

/**
 * Errors in units of a result's magnitude: those of the scores, which are in proportion to their size and to the length
 * of their sums, and those of the sums over the keys.
 */
function factor({ headDim }: Sizes, keys: number, scoreSize: number): number {
  return 2 * (scoreSize * (Math.sqrt(headDim) + 4) + Math.sqrt(keys) + 8);
}

/**
 * Sums of the magnitudes of what is added up to the gradients. The gradient of a weight is a sum of headDim products of
 * normal numbers, and the mean of its row is taken away from it.
 */
function gradientMagnitudes(
  q: Float64Array,
  k: Float64Array,
  attributes: AttentionAttributes,
  range: Range,
): { q: Float64Array; k: Float64Array; v: Float64Array } {
  const { headDim, scale } = attributes;
  const magnitudes = {
    q: new Float64Array(q.length),
    k: new Float64Array(k.length),
    v: new Float64Array(k.length),
  };
  const ones = new Float64Array(headDim).fill(1);
  const qSizes = q.map(Math.abs);
  const kSizes = k.map(Math.abs);
  forEachHead(q, k, attributes, range, (place, keys, weights) => {
    keys.forEach((key, j) => {
      const dScore = scale * weights[j]! * 2 * headDim;
      addScaled(magnitudes.v, key, weights[j]!, ones, 0, headDim);
      addScaled(magnitudes.q, place, dScore, kSizes, key, headDim);
      addScaled(magnitudes.k, key, dScore, qSizes, place, headDim);
    });
  });
  return magnitudes;
}

function attentionCase(
  name: string,
  sizes: Sizes,
  lengths: readonly number[],
  { scale = 1, wanted = true } = {},
): OpCase {
  const { heads, kvHeads, headDim, window } = sizes;
  const attributes = attributesOf(sizes);
  const segments = segmentsOf(lengths);
  const rows = segments.length / 2;
  const range: Range = (row) => [Math.max(segments[2 * row]!, windowed(window, row)), row];
  // A score is a sum of headDim products of variance 1, times scale² / √headDim: a few times scale² at most.
  const o = factor(sizes, Math.max(...lengths), 5 * scale * scale);
  const q = { data: normal('q', rows * heads * headDim, scale), wanted };
  const k = { data: normal('k', rows * kvHeads * headDim, scale), wanted };
  const v = { data: normal('v', rows * kvHeads * headDim), wanted };
  const tensors = ({ q, k, v }: Arrays): { q: Float64Array; k: Float64Array; v: Float64Array } => ({
    q: q!,
    k: k!,
    v: v!,
  });
  const magnitudes = gradientMagnitudes(
    Float64Array.from(q.data),
    Float64Array.from(k.data),
    attributes,
    range,
  );
  return {
    op: 'attention',
    name,
    rows,
    inputs: {
      q: { type: 'f32', shape: ['rows', heads * headDim], ...q },
      k: { type: 'f32', shape: ['rows', kvHeads * headDim], ...k },
      v: { type: 'f32', shape: ['rows', kvHeads * headDim], ...v },
      segments: { type: 'u32', shape: ['rows', 2], data: segments },
    },
    build: (builder, { q, k, v, segments }) => ({
      o: attention(builder, { q: q!, k: k!, v: v!, segments: segments! }, attributes),
    }),
    reference: {
      forward: (inputs) => ({ o: forward(tensors(inputs), attributes, range) }),
      backward: (inputs, { o }) => backward(tensors(inputs), o!, attributes, range),
    },
    tolerance: {
      o,
      dq: { factor: o, magnitudes: magnitudes.q },
      dk: { factor: o, magnitudes: magnitudes.k },
      dv: { factor: o, magnitudes: magnitudes.v },
    },
  };
}

function cachedCase(name: string, sizes: Sizes, cacheRows: number, past: number, rows: number): OpCase {
  const { heads, kvHeads, headDim, window } = sizes;
  const attributes = attributesOf(sizes);
  const columns = kvHeads * headDim;
  // Caches are larger than what is used of them, and hold old rows there, which must not be seen.
  const cache = (which: string): Float32Array<ArrayBuffer> =>
    normal(which, cacheRows * columns).map((value, i) => (i < past * columns ? value : value * 100));
  const appended = (old: Float64Array, fresh: Float64Array): Float64Array => {
    const whole = old.slice();
    whole.set(fresh, past * columns);
    return whole;
  };
  const o = factor(sizes, past + rows, 5);
  return {
    op: 'cached_attention',
    name,
    rows,
    run: { past },
    inputs: {
      q: { type: 'f32', shape: ['rows', heads * headDim], data: normal('q', rows * heads * headDim) },
      k: { type: 'f32', shape: ['rows', columns], data: normal('k', rows * columns) },
      v: { type: 'f32', shape: ['rows', columns], data: normal('v', rows * columns) },
      keyCache: { type: 'f32', shape: [cacheRows, columns], data: cache('keyCache') },
      valueCache: { type: 'f32', shape: [cacheRows, columns], data: cache('valueCache') },
    },
    build(builder, { q: query, k, v, keyCache: keys, valueCache: values }) {
      const caches = { keyCache: keys!, valueCache: values! };
      const q = rotaryCache(builder, { q: query!, k: k!, v: v!, ...caches }, attributes);
      return { o: cachedAttention(builder, { q, ...caches }, attributes), ...caches };
    },
    reference: {
      forward: ({ q, k, v, keyCache, valueCache }) => {
        const keys = appended(keyCache!, k!);
        const values = appended(valueCache!, v!);
        const range: Range = (row) => [windowed(window, past + row), past + row];
        return {
          o: forward({ q: q!, k: keys, v: values }, attributes, range),
          keyCache: keys,
          valueCache: values,
        };
      },
    },
    tolerance: { o, keyCache: 0, valueCache: 0 },
  };
}

const plain: Sizes = { heads: 4, kvHeads: 2, headDim: 32 };

/** As a case is run on a graphics card: in larger workgroups than software adapters get. */
function onGpu(opCase: OpCase): OpCase {
  return { ...opCase, name: `${opCase.name}, large workgroups`, limits: { software: false } };
}

export const cases: readonly OpCase[] = [
  ...combine({ headDim: [4, 32, 64, 80, 128, 256], rows: [1, 37] }).map((parameters) =>
    attentionCase(describe(parameters), { heads: 2, kvHeads: 1, headDim: parameters.headDim }, [
      parameters.rows,
    ]),
  ),
  // Whole tiles of keys and rows come before the second example's diagonal.
  onGpu(attentionCase('headDim=64', { heads: 2, kvHeads: 1, headDim: 64 }, [25, 135])),
  // A head a dispatch.
  {
    ...attentionCase('by heads', { heads: 4, kvHeads: 2, headDim: 16 }, [5, 20]),
    limits: { dispatchOperations: 1 },
    sameAs: {},
  },
  attentionCase('several examples', plain, [5, 1, 40, 17, 2]),
  attentionCase('many short examples', plain, [1, 1, 2, 3, 1, 7, 3, 1, 1, 9]),
  attentionCase('heads 3:1', { heads: 3, kvHeads: 1, headDim: 64 }, [70]),
  attentionCase('as many key heads as heads', { heads: 3, kvHeads: 3, headDim: 16 }, [33, 12]),
  attentionCase('window 1', { ...plain, window: 1 }, [9, 4]),
  attentionCase('window 7', { ...plain, window: 7 }, [60, 3, 20]),
  // Windows at, before and after the edges of tiles of keys (as many as a head has dimensions), and across examples.
  ...combine({ window: [15, 16, 17] }).map(({ window }) =>
    attentionCase(
      `window ${window} of tiles of 16`,
      { heads: 2, kvHeads: 1, headDim: 16, window },
      [3, 40, 1, 26],
    ),
  ),
  attentionCase('window 17 of large heads', { heads: 2, kvHeads: 1, headDim: 256, window: 17 }, [25, 7]),
  {
    ...onGpu(attentionCase('window 20', { heads: 2, kvHeads: 2, headDim: 80, window: 20 }, [50, 21])),
    limits: { software: false, dispatchOperations: 1 },
  },
  onGpu(
    attentionCase('window 9 of large heads', { heads: 2, kvHeads: 1, headDim: 256, window: 9 }, [20, 11]),
  ),
  attentionCase('window beyond the examples', { ...plain, window: 1000 }, [50]),
  attentionCase('long', { heads: 1, kvHeads: 1, headDim: 64 }, [150, 40]),
  attentionCase('large scores', plain, [50, 20], { scale: 8 }),
  attentionCase('huge scores', plain, [50], { scale: 100, wanted: false }),
  ...combine({ headDim: [32, 64, 80, 256], past: [0, 1, 90], rows: [1, 2, 30] }).map((parameters) =>
    cachedCase(
      describe(parameters),
      { heads: 4, kvHeads: 2, headDim: parameters.headDim },
      121,
      parameters.past,
      parameters.rows,
    ),
  ),
  ...combine({ window: [undefined, 300, 10], past: [0, 255, 256, 899] }).map((parameters) =>
    cachedCase(`long cache ${describe(parameters)}`, { ...plain, ...parameters }, 900, parameters.past, 1),
  ),
  onGpu(cachedCase('long cache', plain, 600, 599, 1)),
  onGpu(cachedCase('several rows', { ...plain, window: 70 }, 121, 90, 30)),
  ...combine({ headDim: [32, 256], window: [1, 5], past: [0, 20], rows: [1, 9] }).map((parameters) =>
    cachedCase(
      describe(parameters),
      { heads: 4, kvHeads: 1, headDim: parameters.headDim, window: parameters.window },
      64,
      parameters.past,
      parameters.rows,
    ),
  ),
  onGpu(cachedCase('window 5 of large heads', { ...plain, headDim: 256, window: 5 }, 600, 500, 1)),
];
