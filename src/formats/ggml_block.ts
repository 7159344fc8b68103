import { f16ToF32 } from '../core/dtype';

/** Writes the values of the block at `bytes[at]` to `values[first]` and on. */
export type UnpackBlock = (bytes: Uint8Array, at: number, values: Float32Array, first: number) => void;

/** A byte as a number from -128 to 127. */
export function signed(byte: number): number {
  return (byte << 24) >> 24;
}

/** The half-precision number at a place of no particular alignment. */
export function half(bytes: Uint8Array, at: number): number {
  return HALVES[(bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)] ?? 0;
}

/** All halves: 256 KiB, which makes a look-up of what every block begins or ends with. */
const HALVES = f16ToF32(Uint16Array.from({ length: 65536 }, (_, bits) => bits));
