import { defineOp, read, rowElements, spread, update, type Binding, type Builder, type Tensor } from './op';
import { readPacked } from './packings/packed';
import { storedParts, weightConstants } from './products/dense_parts';
import { weightTensors, type Weight } from './weight';

/** Rows of a workgroup. */
const ROWS = 4;
/** Ranks up to this are held in workgroup memory: half of what WebGPU has by default. */
const MOST_SHARED = 512;

interface Inputs {
  readonly [name: string]: Tensor;
  readonly lora_A: Tensor;
  readonly lora_B: Tensor;
  readonly norms: Tensor;
}

const definition = defineOp<
  Inputs,
  Record<string, never>,
  { readonly weight: Weight; readonly scale: number }
>({
  name: 'adapted_norms',
  lower({ inputs: { lora_A, lora_B, norms }, attributes: { weight, scale } }, { limits }) {
    const rank = rowElements(lora_B.shape);
    return storedParts(weight).map((part) => {
      const { firstRow, rows, tensor } = part;
      const ofPart = (binding: Binding, columns: number): Binding => ({
        ...binding,
        offset: firstRow * columns * 4,
        size: rows * columns * 4,
      });
      const bindings = [read(tensor), read(lora_A), ofPart(read(lora_B), rank), ofPart(update(norms), 1)];
      const reader =
        weight.kind === 'dense'
          ? { constants: weightConstants(weight.format, 1), overrides: {} }
          : readPacked(weight, 1, bindings);
      return {
        kernel: 'adapted_norms',
        constants: { ...reader.constants, RANK: rank, SHARED: rank <= MOST_SHARED },
        overrides: { ...reader.overrides, in4: weight.in / 4, out: rows, scale },
        bindings,
        workgroups: () => spread(Math.ceil(rows / ROWS), limits.maxComputeWorkgroupsPerDimension),
        flops: () => 2 * rows * weight.in * (rank + 1),
      };
    });
  },
});

export interface AdaptedNormsInputs {
  /** [out, in] */
  readonly weight: Weight;
  /** f32 [rank, in], the rank padded to a multiple of 4. */
  readonly A: Tensor;
  /** f32 [out, rank] */
  readonly B: Tensor;
  /** f32 [out], to be filled. */
  readonly norms: Tensor;
}

/**
 * norms = the L2 norms of the rows of W + scale · B A, of a dense or packed W. Not differentiated: DoRA takes them as
 * constants (Liu et al. 2024, section 4.3).
 */
export function adaptedNorms(
  builder: Builder,
  { weight, A, B, norms }: AdaptedNormsInputs,
  { scale }: { readonly scale: number },
): void {
  const inputs = { lora_A: A, lora_B: B, norms, ...weightTensors(weight) };
  builder.apply(definition, inputs, {}, { weight, scale });
}
