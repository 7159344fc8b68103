import { half, putHalf } from './bytes';
import { putSixBits, sixBits } from './k_bits';
import { nearest, searchBlock, type Groups } from './k_groups';
import type { Search } from './k_search';

const { fround } = Math;

/**
 * Blocks of 256 in groups of 32, as Q4_K and Q5_K have them: d, dmin; 12 bytes of scales s and minima m; codes; d s q - dmin m.
 * 32 bytes of codes hold 64 elements, the low nibbles the first 32.
 *
 * ggml's reference, without an importance matrix, gives each group its own scale and minimum in f32 (k_kernels.ts). The block
 * stores them as small integers, relative to the largest. Then every element gets its code anew, from the scale that the
 * integers mean. A group whose scale is rounded to 0 keeps the codes of its search.
 */

/** @param codes offset of the nibbles in the block @param fifths offset of 32 bytes of fifth bits, if there are any */
export function unpackWithMinima(
  bytes: Uint8Array,
  at: number,
  values: Float32Array,
  first: number,
  codes: number,
  fifths?: number,
): void {
  const d = half(bytes, at);
  const dmin = half(bytes, at + 2);
  for (let group = 0; group < 8; group++) {
    const scale = fround(d * sixBits(bytes, at + 4, group, 0));
    const minimum = fround(dmin * sixBits(bytes, at + 4, group, 4));
    for (let i = 0; i < 32; i++) {
      const nibble = ((bytes[at + codes + (group >> 1) * 32 + i] ?? 0) >> (4 * (group & 1))) & 15;
      const fifth = fifths === undefined ? 0 : ((bytes[at + fifths + i] ?? 0) >> group) & 1;
      values[first + group * 32 + i] = fround(scale * (nibble | (fifth << 4))) - minimum;
    }
  }
}

/** Writes d, dmin and the scales and minima of 6 bits to `bytes[at]` and on. Returns the codes, 0 to n. */
export function packScales(
  values: Float32Array,
  first: number,
  bytes: Uint8Array,
  at: number,
  search: Search,
  n: number,
): Groups['codes'] {
  const { codes, scales, minima } = searchBlock(values, first, search, 8, 0);
  let largestScale = 0;
  let largestMinimum = 0;
  for (let group = 0; group < 8; group++) {
    if (scales[group]! > largestScale) largestScale = scales[group]!;
    if (minima[group]! > largestMinimum) largestMinimum = minima[group]!;
  }
  const d = putHalf(bytes, at, fround(largestScale / 63));
  const dmin = putHalf(bytes, at + 2, fround(largestMinimum / 63));
  const perScale = largestScale > 0 ? fround(63 / largestScale) : 0;
  const perMinimum = largestMinimum > 0 ? fround(63 / largestMinimum) : 0;
  bytes.fill(0, at + 4, at + 16);
  for (let group = 0; group < 8; group++) {
    const scale = limited(fround(perScale * scales[group]!));
    const minimum = limited(fround(perMinimum * minima[group]!));
    putSixBits(bytes, at + 4, group, scale, minimum);
    const step = fround(d * scale);
    if (step === 0) continue;
    const offset = fround(dmin * minimum);
    for (let i = group * 32; i < group * 32 + 32; i++) {
      const q = nearest(fround(fround(values[first + i]! + offset) / step));
      codes[i] = q < 0 ? 0 : q > n ? n : q;
    }
  }
  return codes;
}

/** ggml keeps the low 8 bits before it applies the limit. */
function limited(value: number): number {
  return Math.min(63, nearest(value) & 255);
}

/** 128 bytes: of each 64 elements the first 32 in the low nibbles, the others in the high ones. */
export function packNibblesOf256(codes: Groups['codes'], bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 128; i++) {
    const element = ((i >> 5) << 6) | (i & 31);
    bytes[at + i] = (codes[element]! & 15) | ((codes[element + 32]! & 15) << 4);
  }
}
