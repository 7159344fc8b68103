import { amplitude } from '../../block_range';
import { HALF } from '../bounds';
import { half } from '../bytes';
import type { GgmlWritable } from '../format';
import { packFiveBits, signedPacker, unpackFiveBits } from '../nibbles';

/**
 * Blocks of 32: d, 4 bytes of fifth bits, 16 of nibbles; d (q - 16). Steps of max |x| / 16, nearest, but the opposite end of
 * the range is cut off by up to a step.
 */
export const q50 = {
  ...({ name: 'Q5_0', number: 6, elements: 32, bytes: 22, halves: [0] } as const),
  unpack(bytes, at, values, first) {
    unpackFiveBits(bytes, at + 2, values, first, half(bytes, at), 16);
  },
  pack: signedPacker(16, packFiveBits),
  allowed: (values, first) => amplitude(values, first, 32) * (1 / 16 + HALF),
} as const satisfies GgmlWritable;
