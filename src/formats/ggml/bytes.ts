import { f16ToF32, halfBits } from '../../core/dtype';

/** Interprets a byte as a signed number, -128 to 127. */
export function signed(byte: number): number {
  return (byte << 24) >> 24;
}

/** Reads a half-precision number at any offset, aligned or not. */
export function half(bytes: Uint8Array, at: number): number {
  return HALVES[(bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)] ?? 0;
}

/**
 * Writes a number in half precision, rounded to the nearest, ties to even, and returns the value written. Throws
 * RangeError for a number beyond the largest half, 65504.
 */
export function putHalf(bytes: Uint8Array, at: number, value: number): number {
  const bits = halfBits(value);
  if ((bits & 0x7c00) === 0x7c00) throw new RangeError(`${value} is beyond half precision`);
  bytes[at] = bits;
  bytes[at + 1] = bits >> 8;
  return HALVES[bits] ?? 0;
}

/** The value of every half (256 KiB): every block has one, and a look-up is faster than a conversion. */
const HALVES = f16ToF32(Uint16Array.from({ length: 65536 }, (_, bits) => bits));
