import { NEAREST } from '../../core/dtype';
import { type amplitude } from '../block_range';

/** The largest relative change of a scale by half precision. */
export const HALF = NEAREST.F16;

/**
 * The root mean square over the groups of a block of 256: `own` times a group's size and `shared` times the largest size.
 *
 * @param size the amplitude or the range of a group
 */
export function ofGroups(
  values: Float32Array,
  first: number,
  group: number,
  size: typeof amplitude,
  own: number,
  shared: number,
): number {
  let largest = 0;
  for (let at = first; at < first + 256; at += group) largest = Math.max(largest, size(values, at, group));
  let squares = 0;
  for (let at = first; at < first + 256; at += group) {
    squares += (own * size(values, at, group) + shared * largest) ** 2;
  }
  return Math.sqrt((squares * group) / 256);
}
