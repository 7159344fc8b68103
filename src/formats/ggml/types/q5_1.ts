import { range } from '../../block_range';
import { HALF } from '../bounds';
import { half } from '../bytes';
import type { GgmlWritable } from '../format';
import { addTo, packFiveBits, unpackFiveBits, unsignedPacker } from '../nibbles';

/** Blocks of 32: d, m, 4 bytes of fifth bits, 16 of nibbles; d q + m. Steps of the range / 31, nearest. */
export const q51 = {
  ...({ name: 'Q5_1', number: 7, elements: 32, bytes: 24, halves: [0, 2] } as const),
  unpack(bytes, at, values, first) {
    unpackFiveBits(bytes, at + 4, values, first, half(bytes, at), 0);
    addTo(values, first, half(bytes, at + 2));
  },
  pack: unsignedPacker(31, packFiveBits),
  allowed: (values, first) => range(values, first, 32) * (0.5 / 31 + 2 * HALF),
} as const satisfies GgmlWritable;
