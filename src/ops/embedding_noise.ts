import { streamOf } from '../core/random';
import { defineOp, elements, read, rowElements, spread, write, type Builder, type Tensor } from './op';

const THREADS = 64;

interface Inputs {
  readonly [name: string]: Tensor;
  readonly x: Tensor;
  readonly segments: Tensor;
}

interface Attributes {
  readonly alpha: number;
}

const STREAM = streamOf('neftune');

const definition = defineOp<Inputs, { y: Tensor }, Attributes>({
  name: 'embedding_noise',
  lower({ inputs: { x, segments }, outputs: { y }, attributes: { alpha } }, { limits }) {
    return [
      {
        kernel: 'embedding_noise',
        overrides: { columns: rowElements(x.shape) / 4, alpha, stream: STREAM },
        bindings: [read(x), read(segments), write(y)],
        workgroups: (rows) =>
          spread(Math.ceil(elements(y.shape, rows) / 4 / THREADS), limits.maxComputeWorkgroupsPerDimension),
      },
    ];
  },
  // The noise does not depend on x.
  gradient({ inputs: { x }, outputs: { y } }, tape) {
    const dy = tape.gradientOf(y);
    if (dy && tape.needsGradient(x)) tape.addGradient(x, dy);
  },
});

/**
 * Adds NEFTune's noise (Jain et al. 2023, arXiv 2310.05914) to embeddings x f32 [rows, columns]: uniform in ±alpha / √(L · columns),
 * where L is the length of the row's example, from segments u32 [rows, 2]. The run's seed and counter decide the noise.
 */
export function embeddingNoise(
  builder: Builder,
  { x, segments }: { readonly x: Tensor; readonly segments: Tensor },
  { alpha }: Attributes,
): Tensor {
  return builder.apply(definition, { x, segments }, { y: x }, { alpha }).y;
}
