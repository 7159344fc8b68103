import { half } from '../bytes';
import type { GgmlReadable } from '../format';
import { twoBits } from '../k_bits';

const { fround } = Math;

/**
 * Blocks of 256 in groups of 16: 16 bytes of group scales s and minima m, 4 bits each; 64 of codes; d, dmin.
 * d s q - dmin m
 */
export const q2K = {
  ...({ name: 'Q2_K', number: 10, elements: 256, bytes: 84, halves: [80, 82] } as const),
  unpack(bytes, at, values, first) {
    const d = half(bytes, at + 80);
    const dmin = half(bytes, at + 82);
    for (let group = 0; group < 16; group++) {
      const packed = bytes[at + group] ?? 0;
      const scale = fround(d * (packed & 15));
      const minimum = fround(dmin * (packed >> 4));
      for (let i = group * 16; i < group * 16 + 16; i++) {
        values[first + i] = fround(scale * twoBits(bytes, at + 16, i)) - minimum;
      }
    }
  },
} as const satisfies GgmlReadable;
