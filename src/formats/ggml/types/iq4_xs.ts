import { half } from '../bytes';
import type { GgmlReadable } from '../format';
import { unpackNibbles } from '../nibbles';
import { nonLinear } from './iq4_nl';

/**
 * IQ4_NL in blocks of 256: d, 2 bytes with two high bits of each of 8 scales s, 4 with their low four, 128 of nibbles;
 * d (s - 32) table[q].
 */
export const iq4Xs = {
  ...({ name: 'IQ4_XS', number: 23, elements: 256, bytes: 136, halves: [0] } as const),
  unpack(bytes, at, values, first) {
    const d = half(bytes, at);
    const high = (bytes[at + 2] ?? 0) | ((bytes[at + 3] ?? 0) << 8);
    for (let group = 0; group < 8; group++) {
      const low = ((bytes[at + 4 + (group >> 1)] ?? 0) >> (4 * (group & 1))) & 15;
      const scale = Math.fround(d * ((low | (((high >> (2 * group)) & 3) << 4)) - 32));
      unpackNibbles(bytes, at + 8 + group * 16, values, first + group * 32, scale, nonLinear);
    }
  },
} as const satisfies GgmlReadable;
