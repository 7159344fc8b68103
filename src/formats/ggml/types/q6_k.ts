import { amplitude } from '../../block_range';
import { HALF, ofGroups } from '../bounds';
import { half, putHalf, signed } from '../bytes';
import type { GgmlWritable } from '../format';
import { twoBits } from '../k_bits';
import { nearest, searchBlock } from '../k_groups';
import { scaleKernel } from '../k_kernels';
import { NEARLY_ZERO, searchBy, tenths } from '../k_search';

const { abs, fround } = Math;
const search = searchBy(
  (tries) => scaleKernel({ tries, nearlyZero: NEARLY_ZERO }),
  [0, ...tenths(-9, -1), ...tenths(1, 9)].map((step) => -fround(32 + step)),
);

/**
 * Blocks of 256 in groups of 16: 128 bytes of low bits, 64 of high bits, 16 signed scales s; d. d s (q - 32). 64 bytes of low
 * bits hold 128 elements, the low nibbles the first 64.
 *
 * Steps of the group's max |x| / 32, one step cut off. A group's scale is rounded by the largest of the block's groups /
 * (32 · 254), for codes up to 32.
 */
export const q6K = {
  ...({ name: 'Q6_K', number: 14, elements: 256, bytes: 210, halves: [208], narrower: 'Q8_0' } as const),
  unpack(bytes, at, values, first) {
    const d = half(bytes, at + 208);
    for (let group = 0; group < 16; group++) {
      const scale = fround(d * signed(bytes[at + 192 + group] ?? 0));
      for (let i = group * 16; i < group * 16 + 16; i++) {
        const low = ((bytes[at + (i >> 7) * 64 + (i & 63)] ?? 0) >> (i & 64 ? 4 : 0)) & 15;
        values[first + i] = scale * ((low | (twoBits(bytes, at + 128, i) << 4)) - 32);
      }
    }
  },
  pack(values, first, bytes, at) {
    const { codes, scales } = searchBlock(values, first, search(), 16, 32);
    let largest = 0;
    for (const scale of scales) {
      if (!Number.isFinite(scale)) throw new RangeError('A weight is beyond the range of Q6_K');
      if (abs(scale) > abs(largest)) largest = scale;
    }
    bytes.fill(0, at, at + 210);
    if (abs(largest) < NEARLY_ZERO) return;
    const inverse = fround(-128 / largest);
    const d = putHalf(bytes, at + 208, fround(1 / inverse));
    for (let group = 0; group < 16; group++) {
      const scale = Math.min(127, nearest(fround(inverse * scales[group]!)));
      bytes[at + 192 + group] = scale;
      const step = fround(d * scale);
      if (step === 0) continue;
      for (let i = group * 16; i < group * 16 + 16; i++) {
        const q = nearest(fround(values[first + i]! / step));
        codes[i] = (q < -32 ? -32 : q > 31 ? 31 : q) + 32;
      }
    }
    for (let i = 0; i < 128; i++) {
      const element = ((i >> 6) << 7) | (i & 63);
      bytes[at + i] = (codes[element]! & 15) | ((codes[element + 64]! & 15) << 4);
    }
    for (let i = 0; i < 256; i++) {
      bytes[at + 128 + ((i >> 7) << 5) + (i & 31)]! |= (codes[i]! >> 4) << (2 * ((i >> 5) & 3));
    }
  },
  allowed: (values, first) => ofGroups(values, first, 16, amplitude, 1 / 32, 1 / 254 + 2 * HALF),
} as const satisfies GgmlWritable;
