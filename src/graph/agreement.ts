/**
 * The farthest that a value may be off, in root mean squares of the expected ones. Half precision is off by 0.005 at the
 * most, float32 by far less; an element that is wrong, left out or in the wrong place is usually off by more than this.
 */
const TOLERANCE = 0.03;

/**
 * Whether two algorithms' results of the same computation agree, one array an output. Expected values that are not finite
 * count as agreement.
 */
export function agree(found: readonly Float32Array[], expected: readonly Float32Array[]): boolean {
  return expected.every((values, index) => isNear(found[index], values));
}

function isNear(found: Float32Array | undefined, expected: Float32Array): boolean {
  if (found?.length !== expected.length) return false;
  let squares = 0;
  for (const value of expected) squares += value * value;
  if (!Number.isFinite(squares)) return true;
  const most = TOLERANCE * Math.sqrt(squares / Math.max(expected.length, 1));
  return expected.every((value, index) => Math.abs(found[index]! - value) <= most);
}
