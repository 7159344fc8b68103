/** The largest magnitude of `count` values from `first` on. */
export function amplitude(values: Float32Array, first: number, count: number): number {
  let most = 0;
  for (let i = first; i < first + count; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}

/** The range of `count` values from `first` on, extended to 0. */
export function range(values: Float32Array, first: number, count: number): number {
  let [low, high] = [0, 0];
  for (let i = first; i < first + count; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  return high - low;
}
