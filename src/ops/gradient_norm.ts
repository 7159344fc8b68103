import { elements, f32, read, spread, update, type Builder, type Tensor, defineOp } from './op';
import { bindRange, bufferRanges } from './buffer_ranges';

/** Bytes whose squares one workgroup adds up. */
const CHUNK_BYTES = 4096 * 4;

interface Inputs {
  readonly [name: string]: Tensor;
  readonly gradients: Tensor;
  readonly metrics: Tensor;
}

const definition = defineOp<Inputs, Record<string, never>, null>({
  name: 'gradient_norm',
  lower({ inputs: { gradients, metrics } }, lowering) {
    const { limits } = lowering;
    let chunks = 0;
    const parts = bufferRanges(elements(gradients.shape, 1) * 4, limits).map((range) => {
      const first = chunks;
      const count = Math.ceil(range.size / CHUNK_BYTES);
      chunks += count;
      return { range, first, count };
    });
    const partials = lowering.temporary('gradient_norm.partials', f32(chunks));
    return [
      ...parts.map(({ range, first, count }) => ({
        kernel: 'gradient_norm_partials',
        // On software adapters barriers are slow, and slower with more threads.
        overrides: { first_partial: first, threads: limits.software ? 4 : 256 },
        // Each range fills its own part of the partials.
        bindings: [bindRange(gradients, 'read', range), update(partials)],
        workgroups: () => spread(count, limits.maxComputeWorkgroupsPerDimension),
        flops: () => range.size,
      })),
      {
        kernel: 'gradient_norm',
        bindings: [read(partials), update(metrics)],
        workgroups: () => [1, 1, 1],
      },
    ];
  },
});

/**
 * The global norm of the flat gradients (f32 [n], n a multiple of 64) into metrics[1], and what `run.max_grad_norm` makes
 * of it into metrics[3]; metrics[2] becomes 1 if the norm is not finite. For metrics see `lossSum`.
 */
export function gradientNorm(
  builder: Builder,
  { gradients, metrics }: { readonly gradients: Tensor; readonly metrics: Tensor },
): void {
  builder.apply(definition, { gradients, metrics }, {}, null);
}
