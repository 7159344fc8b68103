import { half } from '../bytes';
import type { GgmlReadable } from '../format';
import { twoBits } from '../k_bits';

const { fround } = Math;

/**
 * Blocks of 256 in groups of 16: 32 bytes of third bits, 64 of codes, 12 of scales s; d. d (s - 32) (q - 4), with q of all
 * three bits.
 */
export const q3K = {
  ...({ name: 'Q3_K', number: 11, elements: 256, bytes: 110, halves: [108] } as const),
  unpack(bytes, at, values, first) {
    const d = half(bytes, at + 108);
    for (let group = 0; group < 16; group++) {
      // Low four bits of scales 0 to 7 and 8 to 15 in the nibbles of 8 bytes; two high bits of each in 4 bytes.
      const low = ((bytes[at + 96 + (group & 7)] ?? 0) >> (group < 8 ? 0 : 4)) & 15;
      const high = ((bytes[at + 104 + (group & 3)] ?? 0) >> (2 * (group >> 2))) & 3;
      const scale = fround(d * ((low | (high << 4)) - 32));
      for (let i = group * 16; i < group * 16 + 16; i++) {
        const third = ((bytes[at + (i & 31)] ?? 0) >> (i >> 5)) & 1;
        values[first + i] = scale * (twoBits(bytes, at + 32, i) + 4 * third - 4);
      }
    }
  },
} as const satisfies GgmlReadable;
