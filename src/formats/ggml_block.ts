import { f16ToF32 } from '../core/dtype';

/** Writes the values of the block at `bytes[at]` to `values[first]` and on. */
export type UnpackBlock = (bytes: Uint8Array, at: number, values: Float32Array, first: number) => void;

/** Interprets a byte as a signed number, -128 to 127. */
export function signed(byte: number): number {
  return (byte << 24) >> 24;
}

/** Reads a half-precision number at any offset, aligned or not. */
export function half(bytes: Uint8Array, at: number): number {
  return HALVES[(bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)] ?? 0;
}

/** The value of every half (256 KiB): every block has one, and a look-up is faster than a conversion. */
const HALVES = f16ToF32(Uint16Array.from({ length: 65536 }, (_, bits) => bits));
