/**
 * Random numbers without a state: each is a hash of its purpose. Two runs, a resumed run and the GPU (which has the
 * same function in WGSL) therefore draw the same numbers without handing anything over.
 */

/**
 * PCG4D of Jarzynski and Olano, "Hash Functions for GPU Rendering" (2020): four u32 in, four u32 out.
 * Arithmetic is modulo 2^32.
 */
export function pcg4d(a: number, b: number, c: number, d: number): [number, number, number, number] {
  let x = (Math.imul(a, 1664525) + 1013904223) | 0;
  let y = (Math.imul(b, 1664525) + 1013904223) | 0;
  let z = (Math.imul(c, 1664525) + 1013904223) | 0;
  let w = (Math.imul(d, 1664525) + 1013904223) | 0;
  x = (x + Math.imul(y, w)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  w = (w + Math.imul(y, z)) | 0;
  x ^= x >>> 16;
  y ^= y >>> 16;
  z ^= z >>> 16;
  w ^= w >>> 16;
  x = (x + Math.imul(y, w)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  w = (w + Math.imul(y, z)) | 0;
  return [x >>> 0, y >>> 0, z >>> 0, w >>> 0];
}

/** The u32 that stands for a name in `uniform` and its kin: FNV-1a over the name's UTF-8 bytes. */
export function streamOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

/** The number in [0, 1) at `index` of a stream: a multiple of 2^-24, so it is exact in f32 too. */
export function uniform(seed: number, stream: number, index: number): number {
  return (pcg4d(index, stream, seed, 0)[0] >>> 8) * 2 ** -24;
}

/** The number at `index` of a stream of normally distributed ones, of mean 0 and variance 1 (Box and Muller 1958). */
export function normal(seed: number, stream: number, index: number): number {
  const [a, b] = pcg4d(index, stream, seed, 0);
  return Math.sqrt(-2 * Math.log((a + 1) * 2 ** -32)) * Math.cos(2 * Math.PI * b * 2 ** -32);
}

/**
 * `count` samples of U(-1/√fanIn, 1/√fanIn), which is `kaiming_uniform_` with a = √5: what PEFT gives lora_A
 * (for lora_A of [r, in] the fan-in is `in`).
 */
export function kaimingUniform(count: number, fanIn: number, seed: number, stream: number): Float32Array {
  const bound = 1 / Math.sqrt(fanIn);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = (2 * uniform(seed, stream, i) - 1) * bound;
  return values;
}

const shuffleStream = streamOf('shuffle');

/** The numbers 0 … count - 1 in an order that depends on seed and epoch only (Fisher–Yates, unbiased). */
export function shuffle(count: number, seed: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = below(last + 1, seed, epoch, last);
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}

/** A number in [0, bound) without modulo bias: draws beyond the last whole multiple of `bound` are drawn again. */
function below(bound: number, seed: number, epoch: number, index: number): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  const stream = (shuffleStream + epoch) >>> 0;
  for (let attempt = 0; ; attempt++) {
    const draw = pcg4d(index, stream, seed, attempt)[0];
    if (draw < limit) return draw % bound;
  }
}
