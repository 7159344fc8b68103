import { elements, read, spread, write, type Builder, type Op, type Tensor } from './op';

const THREADS = 64;

export interface RotaryAttributes {
  readonly heads: number;
  /** Even. */
  readonly headDim: number;
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

const definition: Op<Inputs, { y: Tensor }, Attributes> = {
  name: 'rotary',
  lower({ inputs: { x, positions, table }, outputs: { y }, attributes }, { limits }) {
    const { heads, headDim, direction } = attributes;
    const scalar = headDim % 8 !== 0;
    const half = headDim / (scalar ? 2 : 8);
    return [
      {
        kernel: 'rotary',
        constants: { SCALAR: scalar },
        overrides: { heads, half, direction },
        bindings: [read(x), read(positions), read(table), write(y)],
        workgroups: (rows) =>
          spread(
            Math.ceil((elements(positions.shape, rows) * heads * half) / THREADS),
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
};

/**
 * Rotary position embedding (Su et al. 2021) in the layout of Llama and Qwen: the elements i and i + headDim / 2 of a
 * head are a pair, turned by the angle of its position. x and the result are f32 [rows, heads * headDim], positions u32
 * [rows], table f32 [max_positions, headDim]: a position's cosines in the first half, its sines in the second.
 */
export function rotary(
  builder: Builder,
  { x, positions, table }: { readonly x: Tensor; readonly positions: Tensor; readonly table: Tensor },
  { heads, headDim }: RotaryAttributes,
): Tensor {
  return builder.apply(definition, { x, positions, table }, { y: x }, { heads, headDim, direction: 1 }).y;
}
