import { range } from '../../block_range';
import { HALF } from '../bounds';
import { half } from '../bytes';
import type { GgmlWritable } from '../format';
import { addTo, packNibbles, unpackNibbles, unsignedPacker } from '../nibbles';

/** Blocks of 32: d, m, 16 bytes of nibbles; d q + m. Steps of the range / 15, nearest. */
export const q41 = {
  ...({ name: 'Q4_1', number: 3, elements: 32, bytes: 20, halves: [0, 2] } as const),
  unpack(bytes, at, values, first) {
    unpackNibbles(bytes, at + 4, values, first, half(bytes, at), (code) => code);
    addTo(values, first, half(bytes, at + 2));
  },
  pack: unsignedPacker(15, packNibbles),
  allowed: (values, first) => range(values, first, 32) * (0.5 / 15 + 2 * HALF),
} as const satisfies GgmlWritable;
