import { elements, read, spread, type Builder, type Tensor, defineOp } from './op';
import { windowOf, windows } from './windows';

/** Bytes of a buffer that one workgroup updates. */
const WORKGROUP_BYTES = 256 * 16;

/** Flat, f32 [n], n a multiple of 64; a parameter lies at the same place in all four. */
export interface AdamwInputs {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  readonly moment1: Tensor;
  readonly moment2: Tensor;
  /** f32 [4], as `lossSum` and `gradientNorm` leave it. */
  readonly metrics: Tensor;
}

const definition = defineOp<AdamwInputs & Record<string, Tensor>, Record<string, never>, null>({
  name: 'adamw',
  lower({ inputs: { parameters, gradients, moment1, moment2, metrics } }, { limits }) {
    return windows(elements(parameters.shape, 1) * 4, limits).map((window) => ({
      kernel: 'adamw',
      bindings: [
        windowOf(parameters, 'update', window),
        windowOf(gradients, 'read', window),
        windowOf(moment1, 'update', window),
        windowOf(moment2, 'update', window),
        read(metrics),
      ],
      workgroups: () =>
        spread(Math.ceil(window.size / WORKGROUP_BYTES), limits.maxComputeWorkgroupsPerDimension),
      flops: () => window.size * 4,
    }));
  },
});

/**
 * One step of AdamW in place, with the settings in `run`, as torch.optim.AdamW. Gradients are multiplied by metrics[3]
 * first; nothing is changed where metrics[2] is not 0.
 */
export function adamw(builder: Builder, inputs: AdamwInputs): void {
  builder.apply(definition, { ...inputs }, {}, null);
}
