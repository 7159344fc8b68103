import type { GgmlReadable } from '../format';
import { unpackNibbles } from '../nibbles';

/**
 * Blocks of 32: a byte e, 16 bytes of nibbles; 2^(e - 128) table[q]. This is the format of the OCP Microscaling Formats 1.0,
 * its table doubled and its scale halved.
 */
export const mxfp4 = {
  ...({ name: 'MXFP4', number: 39, elements: 32, bytes: 17, halves: [] } as const),
  unpack(bytes, at, values, first) {
    const exponent = bytes[at] ?? 0;
    unpackNibbles(bytes, at + 1, values, first, 2 ** (exponent - 128), (code) => MICROSCALED[code] ?? 0);
  },
} as const satisfies GgmlReadable;

/** Twice the values of the codes of E2M1. */
const MICROSCALED = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12] as const;
