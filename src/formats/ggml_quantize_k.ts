import { putHalf, type PackBlock } from './ggml_block';
import { kSearches, NEARLY_ZERO, type Search } from './ggml_k_search';

const { abs, fround } = Math;

/**
 * Blocks of 256 as ggml's reference makes them without an importance matrix, to the bit. Each group of 16 or 32 gets its
 * own scale in f32 (ggml_k_kernels.ts). The block stores the scales as small integers, relative to the largest. Then every
 * element gets its code anew, from the scale that the integers mean. A group whose scale is rounded to 0 keeps the codes
 * of its search. ggml_k.ts describes the bytes.
 */
export function packerOfK(type: 'Q4_K' | 'Q5_K' | 'Q6_K'): PackBlock {
  switch (type) {
    case 'Q4_K':
      return (values, first, bytes, at) => {
        chooseCodes(values, first, bytes, at, kSearches().Q4_K, 15);
        packNibbles(bytes, at + 16);
      };
    case 'Q5_K':
      return (values, first, bytes, at) => {
        chooseCodes(values, first, bytes, at, kSearches().Q5_K, 31);
        bytes.fill(0, at + 16, at + 48);
        for (let i = 0; i < 256; i++) bytes[at + 16 + (i & 31)]! |= (codes[i]! >> 4) << (i >> 5);
        packNibbles(bytes, at + 48);
      };
    case 'Q6_K':
      return packQ6K;
  }
}

const codes = new Uint8Array(256);
const scales = new Float32Array(16);
const minima = new Float32Array(16);

/**
 * Fills `scales`, `minima` and `codes` for all groups of a block.
 *
 * @param groups 8 or 16
 * @param shift added to the codes, so that none is negative
 */
function searchBlock(
  values: Float32Array,
  first: number,
  search: Search,
  groups: 8 | 16,
  shift: number,
): void {
  const found = kSearches();
  found.values.set(values.subarray(first, first + 256));
  const size = 256 / groups;
  for (let group = 0; group < groups; group += 4) {
    search(group);
    for (let lane = 0; lane < 4; lane++) {
      scales[group + lane] = found.scales[lane]!;
      minima[group + lane] = found.minima[lane]!;
      const at = (group + lane) * size;
      for (let i = 0; i < size; i++) codes[at + i] = found.codes[4 * i + lane]! + shift;
    }
  }
}

/** Writes d, dmin and the scales and minima of 6 bits to `bytes[at]` and on, and the codes to `codes`. */
function chooseCodes(
  values: Float32Array,
  first: number,
  bytes: Uint8Array,
  at: number,
  search: Search,
  n: number,
): void {
  searchBlock(values, first, search, 8, 0);
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
    const scale = sixBits(fround(perScale * scales[group]!));
    const minimum = sixBits(fround(perMinimum * minima[group]!));
    putSixBits(bytes, at + 4, group, scale, minimum);
    const step = fround(d * scale);
    if (step === 0) continue;
    const offset = fround(dmin * minimum);
    for (let i = group * 32; i < group * 32 + 32; i++) {
      const q = nearest(fround(fround(values[first + i]! + offset) / step));
      codes[i] = q < 0 ? 0 : q > n ? n : q;
    }
  }
}

/** ggml keeps the low 8 bits before it applies the limit. */
function sixBits(value: number): number {
  return Math.min(63, nearest(value) & 255);
}

/** The inverse of `sixBits` in ggml_k.ts. */
function putSixBits(bytes: Uint8Array, at: number, group: number, scale: number, minimum: number): void {
  const place = at + (group & 3);
  if (group < 4) {
    bytes[place] = scale;
    bytes[place + 4] = minimum;
  } else {
    bytes[place]! |= (scale >> 4) << 6;
    bytes[place + 4]! |= (minimum >> 4) << 6;
    bytes[place + 8] = (scale & 15) | ((minimum & 15) << 4);
  }
}

/** 128 bytes: of each 64 elements the first 32 in the low nibbles, the others in the high ones. */
function packNibbles(bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 128; i++) {
    const element = ((i >> 5) << 6) | (i & 31);
    bytes[at + i] = (codes[element]! & 15) | ((codes[element + 32]! & 15) << 4);
  }
}

const packQ6K: PackBlock = (values, first, bytes, at) => {
  searchBlock(values, first, kSearches().Q6_K, 16, 32);
  let largest = 0;
  for (const scale of scales) {
    if (!Number.isFinite(scale)) throw new RangeError('A weight is beyond the range of Q6_K');
    if (abs(scale) > abs(largest)) largest = scale;
  }
  bytes.fill(0, at, at + 210);
  if (abs(largest) < NEARLY_ZERO) return;
  const inverse = fround(-128 / largest);
  const d = putHalf(bytes, at + 208, fround(1 / inverse));
  for (let group = 0; group < 16; group++) {
    const scale = Math.min(127, nearest(fround(inverse * scales[group]!)));
    bytes[at + 192 + group] = scale;
    const step = fround(d * scale);
    if (step === 0) continue;
    for (let i = group * 16; i < group * 16 + 16; i++) {
      const q = nearest(fround(values[first + i]! / step));
      codes[i] = (q < -32 ? -32 : q > 31 ? 31 : q) + 32;
    }
  }
  for (let i = 0; i < 128; i++) {
    const element = ((i >> 6) << 7) | (i & 63);
    bytes[at + i] = (codes[element]! & 15) | ((codes[element + 64]! & 15) << 4);
  }
  for (let i = 0; i < 256; i++) {
    bytes[at + 128 + ((i >> 7) << 5) + (i & 31)]! |= (codes[i]! >> 4) << (2 * ((i >> 5) & 3));
  }
};

const single = new Float32Array(1);
const singleBits = new Int32Array(single.buffer);

/**
 * The nearest integer, half to even, as ggml computes it: from the bits of value + 1.5 × 2^23. A value beyond 2^22 wraps
 * around, as there; it occurs if a scale loses most of its digits in half precision.
 */
function nearest(value: number): number {
  single[0] = value + 12582912;
  return (singleBits[0]! & 0x7fffff) - 0x400000;
}
