import { assemble } from '../core/wasm';
import { fitKernel, PLACES, scaleKernel } from './ggml_k_kernels';

const { fround } = Math;

/** ggml calls a group whose weights are all smaller than this zero. */
export const NEARLY_ZERO = fround(1e-15);

/** A search for the scales of four groups. */
export type Search = (firstGroup: number) => void;

/** The kernels' memory as arrays, and the searches. */
export interface Searches {
  /** The 256 weights of a block; the caller writes them. */
  readonly values: Float32Array;
  /** Scales and minima of the four groups of the last search. */
  readonly scales: Float32Array;
  readonly minima: Float32Array;
  /** Their codes as floats; element i of group g is at 4 i + g. */
  readonly codes: Float32Array;
  readonly Q4_K: Search;
  readonly Q5_K: Search;
  readonly Q6_K: Search;
}

let made: Searches | undefined;

/** The searches of this thread. */
export function kSearches(): Searches {
  return (made ??= makeSearches());
}

const tenths = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => fround(fround(0.1) * (first + i)));
const NUMERATORS = {
  Q4_K: tenths(0, 20).map((step) => fround(fround(-1 + step) + 15)),
  Q5_K: tenths(0, 15).map((step) => fround(fround(-0.5 + step) + 31)),
  Q6_K: [0, ...tenths(-9, -1), ...tenths(1, 9)].map((step) => -fround(32 + step)),
} as const;

function makeSearches(): Searches {
  const { Q4_K, Q5_K, Q6_K } = NUMERATORS;
  const place = { Q4_K: PLACES.numerators, Q5_K: PLACES.numerators + 128, Q6_K: PLACES.numerators + 256 };
  const bytes = assemble([
    fitKernel('Q4_K', { n: 15, numerators: place.Q4_K, tries: Q4_K.length }),
    fitKernel('Q5_K', { n: 31, numerators: place.Q5_K, tries: Q5_K.length }),
    scaleKernel('Q6_K', { numerators: place.Q6_K, tries: Q6_K.length, nearlyZero: NEARLY_ZERO }),
  ]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const { buffer } = exports.memory as WebAssembly.Memory;
  for (const type of ['Q4_K', 'Q5_K', 'Q6_K'] as const) {
    new Float32Array(buffer, place[type]).set(NUMERATORS[type]);
  }
  const search = (name: string, groupBytes: number): Search => {
    const run = exports[name] as (place: number) => void;
    return (firstGroup) => run(PLACES.values + firstGroup * groupBytes);
  };
  return {
    values: new Float32Array(buffer, PLACES.values, 256),
    scales: new Float32Array(buffer, PLACES.scale, 4),
    minima: new Float32Array(buffer, PLACES.minimum, 4),
    codes: new Float32Array(buffer, PLACES.codes, 128),
    Q4_K: search('Q4_K', 128),
    Q5_K: search('Q5_K', 128),
    Q6_K: search('Q6_K', 64),
  };
}
