/**
 * The 256 values of bitsandbytes' dynamic code, ascending (Dettmers 2015, arXiv 1511.04561; `create_dynamic_map`): 2^i
 * values, or twice as many without a sign, evenly spaced within each power of ten from 1e-6 to 1, and 0 and 1. With a
 * sign there is no -1. Computed in f32 as torch does, where `linspace` rounds once.
 */
export function dynamicCode(signed: boolean): Float32Array<ArrayBuffer> {
  const values = [0, 1];
  for (let i = 0; i < 7; i++) {
    const count = 2 ** (signed ? i : i + 1);
    const power = Math.fround(10 ** (i - 6));
    const edges = linspace(count + 1);
    for (let k = 0; k < count; k++) {
      const value = Math.fround(power * Math.fround(Math.fround(edges[k]! + edges[k + 1]!) / 2));
      values.push(value);
      if (signed) values.push(-value);
    }
  }
  return Float32Array.from(values).sort();
}

/** torch.linspace(0.1, 1, count) in f32: from both ends to the middle. */
function linspace(count: number): Float32Array {
  const start = Math.fround(0.1);
  const step = Math.fround(Math.fround(1 - start) / (count - 1));
  return Float32Array.from({ length: count }, (_, i) =>
    i < count >> 1 ? start + step * i : 1 - step * (count - 1 - i),
  );
}
