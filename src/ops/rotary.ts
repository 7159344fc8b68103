import { elements, lookUp, read, spread, write, type Builder, type Tensor, defineOp } from './op';

const THREADS = 64;

export interface RotaryAttributes {
  readonly heads: number;
  readonly headDim: number;
  /** Elements of a head that are turned, from its first on; even. The rest passes through. */
  readonly dim: number;
  /** Pairs are neighbours 2i, 2i + 1 (ERNIE, GLM) instead of i, i + dim / 2 (Llama, Qwen). */
  readonly interleaved: boolean;
}

interface Inputs {
  readonly [name: string]: Tensor;
  readonly x: Tensor;
  readonly positions: Tensor;
  readonly table: Tensor;
}

interface Attributes extends RotaryAttributes {
  /** 1: by the positions' angles; -1: back. */
  readonly direction: 1 | -1;
}

const definition = defineOp<Inputs, { y: Tensor }, Attributes>({
  name: 'rotary',
  lower({ inputs: { x, positions, table }, outputs: { y }, attributes }, { limits }) {
    const { heads, headDim, dim, interleaved, direction } = attributes;
    const scalar = dim % 8 !== 0 || headDim % 4 !== 0;
    const width = interleaved || scalar ? 1 : 4;
    const half = dim / 2 / width;
    const kept = (headDim - dim) / (interleaved ? 2 : width);
    return [
      {
        ...(interleaved
          ? { kernel: 'rotary_interleaved' }
          : { kernel: 'rotary', constants: { SCALAR: scalar } }),
        overrides: { heads, half, kept, direction },
        bindings: [read(x), read(positions), lookUp(table), write(y)],
        workgroups: (rows) =>
          spread(
            Math.ceil((elements(positions.shape, rows) * heads * (half + kept)) / THREADS),
            limits.maxComputeWorkgroupsPerDimension,
          ),
      },
    ];
  },
  gradient({ inputs: { x, positions, table }, outputs: { y }, attributes }, tape) {
    const dy = tape.gradientOf(y);
    if (!dy || !tape.needsGradient(x)) return;
    const direction = attributes.direction === 1 ? -1 : 1;
    const inputs = { x: dy, positions, table };
    tape.addGradient(x, tape.apply(definition, inputs, { y: x }, { ...attributes, direction }).y);
  },
});

/**
 * Rotary position embedding (Su et al. 2021): the first `dim` elements of a head, in pairs, are turned by the angles of
 * its position. x and the result are f32 [rows, heads * headDim], headDim even, positions u32 [rows], table f32
 * [max_positions, dim]: a position's cosines in the first half, its sines in the second.
 */
export function rotary(
  builder: Builder,
  { x, positions, table }: { readonly x: Tensor; readonly positions: Tensor; readonly table: Tensor },
  attributes: RotaryAttributes,
): Tensor {
  return builder.apply(definition, { x, positions, table }, { y: x }, { ...attributes, direction: 1 }).y;
}
