import { amplitude } from '../../block_range';
import { HALF } from '../bounds';
import { half } from '../bytes';
import type { GgmlWritable } from '../format';
import { packNibbles, signedPacker, unpackNibbles } from '../nibbles';

/**
 * Blocks of 32: d, 16 bytes of nibbles; d (q - 8). Steps of max |x| / 8, nearest, but the opposite end of the range is cut
 * off by up to a step.
 */
export const q40 = {
  ...({ name: 'Q4_0', number: 2, elements: 32, bytes: 18, halves: [0] } as const),
  unpack(bytes, at, values, first) {
    unpackNibbles(bytes, at + 2, values, first, half(bytes, at), (code) => code - 8);
  },
  pack: signedPacker(8, packNibbles),
  allowed: (values, first) => amplitude(values, first, 32) * (1 / 8 + HALF),
} as const satisfies GgmlWritable;
