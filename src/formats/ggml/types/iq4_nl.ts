import { half } from '../bytes';
import type { GgmlReadable } from '../format';
import { unpackNibbles } from '../nibbles';

/** Blocks of 32: d, 16 bytes of nibbles; d table[q]. */
export const iq4Nl = {
  ...({ name: 'IQ4_NL', number: 20, elements: 32, bytes: 18, halves: [0] } as const),
  unpack(bytes, at, values, first) {
    unpackNibbles(bytes, at + 2, values, first, half(bytes, at), nonLinear);
  },
} as const satisfies GgmlReadable;

const VALUES = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113] as const;

/** The value of a code of IQ4_NL and IQ4_XS. */
export function nonLinear(code: number): number {
  return VALUES[code] ?? 0;
}
