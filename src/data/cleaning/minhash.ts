/**
 * MinHash (Broder 1997) with locality-sensitive hashing: sets with the Jaccard similarity s share a band with the
 * probability 1 - (1 - s^8)^16, which is 0.95 for s = 0.8 and 0.06 for s = 0.5.
 */
import { pcg4d } from '../../core/random';
import { mixed } from './shingles';

const BANDS = 16;
const BAND_ROWS = 8;
const PERMUTATIONS = BANDS * BAND_ROWS;

/** A factor, which is odd, and a summand for each permutation of the numbers of 32 bits. */
const FACTORS = Uint32Array.from({ length: PERMUTATIONS }, (_, at) => pcg4d(at, 1, 0, 0)[0] | 1);
const SUMMANDS = Uint32Array.from({ length: PERMUTATIONS }, (_, at) => pcg4d(at, 2, 0, 0)[0]);

/** The hash of each band of a set's signature. */
export function bandsOf(set: Iterable<number>): Uint32Array {
  const least = new Uint32Array(PERMUTATIONS).fill(2 ** 32 - 1);
  for (const each of set) {
    for (let at = 0; at < PERMUTATIONS; at++) {
      const permuted = (Math.imul(each, FACTORS[at]!) + SUMMANDS[at]!) >>> 0;
      if (permuted < least[at]!) least[at] = permuted;
    }
  }
  return Uint32Array.from({ length: BANDS }, (_, band) => {
    let hash = band;
    for (const each of least.subarray(band * BAND_ROWS, (band + 1) * BAND_ROWS))
      hash = mixed(hash ^ each) + 1;
    return mixed(hash);
  });
}
