import { range } from '../../block_range';
import { HALF, ofGroups } from '../bounds';
import type { GgmlWritable } from '../format';
import { fitKernel } from '../k_kernels';
import { packNibblesOf256, packScales, unpackWithMinima } from '../k_minima';
import { searchBy, tenths } from '../k_search';

const { fround } = Math;
const CODES = 16;
const MOST = 15;
const search = searchBy(
  (tries) => fitKernel({ n: MOST, tries }),
  tenths(0, 20).map((step) => fround(fround(-1 + step) + MOST)),
);

/**
 * Blocks of 256 in groups of 32: d, dmin; 12 bytes of scales s and minima m; 128 of nibbles; d s q - dmin m.
 *
 * Steps of the group's range R / 15. The search lowers the squared error with weights between the group's root mean square and
 * twice that on average, hence √2 times the error of the plain steps. Scales and minima, at most twice R / 15 and R, are
 * rounded by 1/126 of the largest.
 */
export const q4K = {
  ...({ name: 'Q4_K', number: 12, elements: 256, bytes: 144, halves: [0, 2], narrower: 'Q5_0' } as const),
  unpack(bytes, at, values, first) {
    unpackWithMinima(bytes, at, values, first, CODES);
  },
  pack(values, first, bytes, at) {
    const codes = packScales(values, first, bytes, at, search(), MOST);
    packNibblesOf256(codes, bytes, at + CODES);
  },
  allowed: (values, first) => ofGroups(values, first, 32, range, Math.SQRT1_2 / MOST, 4 / 126 + 2 * HALF),
} as const satisfies GgmlWritable;
