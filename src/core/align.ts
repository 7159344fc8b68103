/** The smallest multiple of `alignment` that is at least `value`. Exact up to 2^53. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
