import { bf16ToF32, f32ToBf16 } from '../../../src/core/dtype';
import { pcg4d } from '../../../src/core/random';
import { nf4Thresholds } from '../../../src/formats/nf4';

/** About normal: the sum of four uniforms, less its mean. Exact in f64, rounded to f32 once. */
export function bell(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => {
    const [a, b, c, d] = pcg4d(index, 0, seed, 0);
    return ((a >>> 8) + (b >>> 8) + (c >>> 8) + (d >>> 8)) * 2 ** -24 - 2;
  });
}

function nearThresholds(blocks: number, seed: number): Float32Array {
  const scales = bell(blocks, seed).map((value) => Math.abs(value) + 0.5);
  const values = new Float32Array(blocks * 64);
  const bits = new Int32Array(values.buffer);
  scales.forEach((scale, block) => {
    values[block * 64] = scale;
    nf4Thresholds.forEach((threshold, t) => {
      for (let nudge = 0; nudge < 4; nudge++) {
        const at = block * 64 + 1 + 4 * t + nudge;
        values[at] = threshold * scale;
        bits[at] = (bits[at] ?? 0) + nudge - 2;
      }
    });
  });
  return values;
}

function withZeroBlocks(count: number, seed: number): Float32Array {
  return bell(count, seed).map((value, index) => (Math.floor(index / 64) % 3 === 1 ? 0 : value));
}

function scaled(values: Float32Array, scale: number): Float32Array {
  return values.map((value) => value * Math.fround(scale));
}

/** The same inputs as in make_nf4_fixtures.py, by the same names. */
export const nf4Inputs: Record<string, () => Float32Array> = {
  normal: () => bell(1_000_000, 1),
  bfloat16: () => bf16ToF32(f32ToBf16(bell(262_144, 2))),
  near_thresholds: () => nearThresholds(4096, 3),
  zero_blocks: () => withZeroBlocks(20_000, 4),
  ragged_odd: () => bell(64 * 300 + 37, 5),
  ragged_zero_tail: () => Float32Array.of(...bell(640, 6), 0, 0, 0, 0, 0),
  one_value: () => bell(1, 7),
  denormal: () => scaled(bell(6400, 8), 1e-40),
  tiny: () => scaled(bell(6400, 9), 1e-37),
  huge: () => scaled(bell(6400, 10), 1e36),
  few: () => bell(64 * 9, 11),
};
