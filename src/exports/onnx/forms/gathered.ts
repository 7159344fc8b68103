import { concatBytes } from '../../../core/bytes';
import type { Encoded } from '../../encoding/encode';

/**
 * The first arrays of encoded runs one after the other, then the second ones, and so on. Keeps all but the first, which
 * are small: scales and zero points.
 */
export async function* gathered(runs: AsyncIterable<Encoded>): AsyncGenerator<Uint8Array, void, void> {
  const kept: Uint8Array[][] = [];
  for await (const [codes, ...others] of runs) {
    others.forEach((array, index) => (kept[index] ??= []).push(array));
    if (codes) yield codes;
  }
  for (const arrays of kept) yield concatBytes(arrays);
}
