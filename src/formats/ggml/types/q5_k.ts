import { range } from '../../block_range';
import { HALF, ofGroups } from '../bounds';
import type { GgmlWritable } from '../format';
import { fitKernel } from '../k_kernels';
import { packNibblesOf256, packScales, unpackWithMinima } from '../k_minima';
import { searchBy, tenths } from '../k_search';

const { fround } = Math;
const FIFTHS = 16;
const CODES = 48;
const MOST = 31;
const search = searchBy(
  (tries) => fitKernel({ n: MOST, tries }),
  tenths(0, 15).map((step) => fround(fround(-0.5 + step) + MOST)),
);

/**
 * Blocks of 256 in groups of 32: d, dmin; 12 bytes of scales s and minima m; 32 of fifth bits; 128 of nibbles;
 * d s q - dmin m. Rounds as Q4_K, in steps of the group's range / 31.
 */
export const q5K = {
  ...({ name: 'Q5_K', number: 13, elements: 256, bytes: 176, halves: [0, 2], narrower: 'Q5_1' } as const),
  unpack(bytes, at, values, first) {
    unpackWithMinima(bytes, at, values, first, CODES, FIFTHS);
  },
  pack(values, first, bytes, at) {
    const codes = packScales(values, first, bytes, at, search(), MOST);
    bytes.fill(0, at + FIFTHS, at + CODES);
    for (let i = 0; i < 256; i++) bytes[at + FIFTHS + (i & 31)]! |= (codes[i]! >> 4) << (i >> 5);
    packNibblesOf256(codes, bytes, at + CODES);
  },
  allowed: (values, first) => ofGroups(values, first, 32, range, Math.SQRT1_2 / MOST, 4 / 126 + 2 * HALF),
} as const satisfies GgmlWritable;
