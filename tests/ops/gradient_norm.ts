import { gradientNorm } from '../../src/ops/gradient_norm';
import { combine, describe, normal, type OpCase } from './case';

interface Parameters {
  readonly count: number;
  readonly maxGradNorm: number;
  readonly scale?: number;
  /** The last gradient, where it is not finite. */
  readonly spoilt?: number;
  /** The flag that the losses left. */
  readonly flag?: number;
  readonly limits?: OpCase['limits'];
}

function gradientNormCase({ limits, ...parameters }: Parameters): OpCase {
  const { count, maxGradNorm, scale = 1, spoilt, flag = 0 } = parameters;
  const gradients = normal('gradients', count, scale);
  if (spoilt !== undefined) gradients[count - 1] = spoilt;
  return {
    op: 'gradient_norm',
    name: describe({ ...parameters, ...limits }),
    rows: 1,
    run: { maxGradNorm },
    limits,
    inputs: {
      gradients: { type: 'f32', shape: [count], data: gradients },
      metrics: { type: 'f32', shape: [4], data: Float32Array.of(7, 8, flag, 9) },
    },
    build(builder, { gradients, metrics }) {
      gradientNorm(builder, { gradients: gradients!, metrics: metrics! });
      return { metrics: metrics! };
    },
    reference: {
      forward({ gradients }) {
        const norm = Math.sqrt(gradients!.reduce((sum, value) => sum + value * value, 0));
        const finite = Number.isFinite(norm);
        const clip = finite && maxGradNorm > 0 ? Math.min(1, maxGradNorm / (norm + 1e-6)) : 1;
        return { metrics: Float64Array.of(7, norm, finite ? flag : 1, clip) };
      },
    },
    // Each thread adds up 16 squares, then come two trees of 8 levels and count / 2^20 chunks; the root halves the error.
    tolerance: { metrics: { factor: 20, magnitudes: Float64Array.of(0, scale * Math.sqrt(count), 0, 1) } },
  };
}

export const cases: readonly OpCase[] = [
  ...combine({ count: [64, 4096, 10_048], maxGradNorm: [0, 1, 1e6] }).map(gradientNormCase),
  ...combine({ count: [64, 8256], maxGradNorm: [0, 1], spoilt: [NaN, Infinity, -Infinity] }).map(
    gradientNormCase,
  ),
  gradientNormCase({ count: 128, maxGradNorm: 1, flag: 1 }),
  // Norms beside which the 1e-6 counts.
  gradientNormCase({ count: 128, maxGradNorm: 1e-7, scale: 1e-8 }),
  gradientNormCase({ count: 128, maxGradNorm: 1, scale: 1e15 }),
  gradientNormCase({ count: 320, maxGradNorm: 1, limits: { maxStorageBufferBindingSize: 600 } }),
  gradientNormCase({
    count: 40_000,
    maxGradNorm: 1,
    limits: { maxStorageBufferBindingSize: 100_000, maxComputeWorkgroupsPerDimension: 3 },
  }),
];
