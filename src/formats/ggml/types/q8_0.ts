import { amplitude } from '../../block_range';
import { HALF } from '../bounds';
import { half, putHalf, signed } from '../bytes';
import type { GgmlWritable } from '../format';
import { furthest, inverseOf } from '../nibbles';

const { abs, fround } = Math;

/**
 * Blocks of 32: d, 32 signed bytes q; d q. d = max |x| / 127 and q = x / d, rounded, halves away from zero: steps of
 * max |x| / 127, nearest.
 */
export const q80 = {
  ...({ name: 'Q8_0', number: 8, elements: 32, bytes: 34, halves: [0] } as const),
  unpack(bytes, at, values, first) {
    const d = half(bytes, at);
    for (let i = 0; i < 32; i++) values[first + i] = d * signed(bytes[at + 2 + i] ?? 0);
  },
  pack(values, first, bytes, at) {
    const d = fround(abs(furthest(values, first)) / 127);
    const inverse = inverseOf(d);
    putHalf(bytes, at, d);
    for (let i = 0; i < 32; i++) {
      const scaled = fround(values[first + i]! * inverse);
      // The array truncates. Without a branch, which signs at random would make slow.
      bytes[at + 2 + i] = scaled + 0.5 - Number(scaled < 0);
    }
  },
  allowed: (values, first) => amplitude(values, first, 32) * (0.5 / 127 + HALF),
} as const satisfies GgmlWritable;
