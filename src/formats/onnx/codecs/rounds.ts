/** The smallest number that float32 has with full precision. */
export const SMALLEST_NORMAL = 2 ** -126;

/** Rounds to the nearest integer, halves away from zero, as C's roundf. */
export function roundAway(value: number): number {
  return value < 0 ? -Math.floor(0.5 - value) : Math.floor(value + 0.5);
}

/** Rounds to the nearest integer, halves to the even one. */
export function roundEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

export function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(most, value));
}
