import { putHalf } from './bytes';
import type { PackBlock } from './format';

const { abs, fround, min } = Math;

/**
 * Blocks of 32. Their two halves are in the low and the high nibbles of 16 bytes. ggml's reference makes them so, and every
 * operation is rounded to f32 on its own:
 *
 *     Q4_0, Q5_0  d = (the x of largest magnitude) / -z   q = floor(x / d + z + 1/2), at most 2z - 1    z = 8, 16
 *     Q4_1, Q5_1  d = (max - m) / n, m = min x            q = floor((x - m) / d + 1/2), at most n       n = 15, 31
 *
 * The codes follow from d in f32, although the file holds d in half precision. Division by d is multiplication by the
 * rounded 1 / d. If that overflows, products are infinite or NaN, and the codes are 0.
 */

type PackCodes = typeof packNibbles;

/** A type with d only. @param zero z in the table above */
export function signedPacker(zero: number, packCodes: PackCodes): PackBlock {
  return (values, first, bytes, at) => {
    const d = fround(furthest(values, first) / -zero);
    putHalf(bytes, at, d);
    packCodes(values, first, bytes, at + 2, 0, inverseOf(d), zero + 0.5);
  };
}

/** A type with d and m. @param most n in the table above */
export function unsignedPacker(most: number, packCodes: PackCodes): PackBlock {
  return (values, first, bytes, at) => {
    const m = lowest(values, first);
    const d = fround(fround(highest(values, first) - m) / most);
    putHalf(bytes, at, d);
    putHalf(bytes, at + 2, m);
    packCodes(values, first, bytes, at + 4, m, inverseOf(d), 0.5);
  };
}

export function inverseOf(d: number): number {
  return d === 0 ? 0 : fround(1 / d);
}

/** The value of largest magnitude, the first of several; 0 if all are. */
export function furthest(values: Float32Array, first: number): number {
  let value = 0;
  for (let i = first; i < first + 32; i++) if (abs(values[i]!) > abs(value)) value = values[i]!;
  return value;
}

function lowest(values: Float32Array, first: number): number {
  let value = values[first]!;
  for (let i = first + 1; i < first + 32; i++) if (values[i]! < value) value = values[i]!;
  return value;
}

function highest(values: Float32Array, first: number): number {
  let value = values[first]!;
  for (let i = first + 1; i < first + 32; i++) if (values[i]! > value) value = values[i]!;
  return value;
}

/** The code of a value before its limit. `| 0` truncates, and makes 0 of NaN and infinity. */
function codeOf(value: number, minimum: number, inverse: number, offset: number): number {
  return fround(fround(fround(value - minimum) * inverse) + offset) | 0;
}

/** 16 bytes: element i in the low nibble of byte i, element i + 16 in the high one. */
export function packNibbles(
  values: Float32Array,
  first: number,
  bytes: Uint8Array,
  at: number,
  minimum: number,
  inverse: number,
  offset: number,
): void {
  for (let i = 0; i < 16; i++) {
    const low = min(15, codeOf(values[first + i]!, minimum, inverse, offset));
    const high = min(15, codeOf(values[first + 16 + i]!, minimum, inverse, offset));
    bytes[at + i] = low | (high << 4);
  }
}

/** 4 bytes of fifth bits, element i in bit i; then 16 bytes of nibbles. */
export function packFiveBits(
  values: Float32Array,
  first: number,
  bytes: Uint8Array,
  at: number,
  minimum: number,
  inverse: number,
  offset: number,
): void {
  let fifths = 0;
  for (let i = 0; i < 16; i++) {
    const low = min(31, codeOf(values[first + i]!, minimum, inverse, offset));
    const high = min(31, codeOf(values[first + 16 + i]!, minimum, inverse, offset));
    bytes[at + 4 + i] = (low & 15) | ((high & 15) << 4);
    fifths |= ((low >> 4) << i) | ((high >> 4) << (i + 16));
  }
  for (let i = 0; i < 4; i++) bytes[at + i] = fifths >> (8 * i);
}

/**
 * Reads 16 bytes of nibbles. An element's value is d meaning(code).
 */
export function unpackNibbles(
  bytes: Uint8Array,
  at: number,
  values: Float32Array,
  first: number,
  d: number,
  meaning: (code: number) => number,
): void {
  for (let i = 0; i < 16; i++) {
    const pair = bytes[at + i] ?? 0;
    values[first + i] = d * meaning(pair & 15);
    values[first + i + 16] = d * meaning(pair >> 4);
  }
}

/** Four bytes of fifth bits, then nibbles. An element's value is d (code - zero). */
export function unpackFiveBits(
  bytes: Uint8Array,
  at: number,
  values: Float32Array,
  first: number,
  d: number,
  zero: number,
): void {
  for (let i = 0; i < 32; i++) {
    const nibble = ((bytes[at + 4 + (i & 15)] ?? 0) >> (i < 16 ? 0 : 4)) & 15;
    const fifth = ((bytes[at + (i >> 3)] ?? 0) >> (i & 7)) & 1;
    values[first + i] = d * ((nibble | (fifth << 4)) - zero);
  }
}

export function addTo(values: Float32Array, first: number, m: number): void {
  for (let i = first; i < first + 32; i++) values[i] = (values[i] ?? 0) + m;
}
