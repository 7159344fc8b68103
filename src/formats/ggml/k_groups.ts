import type { Search } from './k_search';

/** The groups of a block of 256 as a search has found them. */
export interface Groups {
  readonly codes: Uint8Array;
  readonly scales: Float32Array;
  readonly minima: Float32Array;
}

/** The memory of the last block's groups. */
const found: Groups = {
  codes: new Uint8Array(256),
  scales: new Float32Array(16),
  minima: new Float32Array(16),
};

/**
 * Finds the scales, minima and codes of all groups of the block of `values[first]` and on. The next call overwrites the result.
 *
 * @param groups 8 or 16
 * @param shift added to the codes, so that none is negative
 */
export function searchBlock(
  values: Float32Array,
  first: number,
  search: Search,
  groups: 8 | 16,
  shift: number,
): Groups {
  const { codes, scales, minima } = found;
  search.values.set(values.subarray(first, first + 256));
  const size = 256 / groups;
  for (let group = 0; group < groups; group += 4) {
    search.run(group * size * Float32Array.BYTES_PER_ELEMENT);
    for (let lane = 0; lane < 4; lane++) {
      scales[group + lane] = search.scales[lane]!;
      minima[group + lane] = search.minima[lane]!;
      const at = (group + lane) * size;
      for (let i = 0; i < size; i++) codes[at + i] = search.codes[4 * i + lane]! + shift;
    }
  }
  return found;
}

const single = new Float32Array(1);
const singleBits = new Int32Array(single.buffer);

/**
 * The nearest integer, half to even, as ggml computes it: from the bits of value + 1.5 × 2^23. A value beyond 2^22 wraps
 * around, as there; it occurs if a scale loses most of its digits in half precision.
 */
export function nearest(value: number): number {
  single[0] = value + 12582912;
  return (singleBits[0]! & 0x7fffff) - 0x400000;
}
