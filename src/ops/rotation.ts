import {
  defineOp,
  f32,
  read,
  rowElements,
  spread,
  update,
  write,
  type Builder,
  type Dispatch,
  type Lowering,
  type Tensor,
  type Tensors,
} from './op';
import { rowsIn, rowWindows, windowed, type RowWindow } from './products/row_windows';
import { rotationsFrom, skewGradient, type CayleyForm } from './skew';

export interface RotationInputs {
  /** f32 [rows, width], width a multiple of the block's size. */
  readonly x: Tensor;
  /** f32 [blocks, size · (size − 1) / 2]: what lies above the diagonal of the skew-symmetric Q of each block. */
  readonly packed: Tensor;
  /** f32 [blocks · size · size]: the rotations R that follow from `packed`; see `rotations`. */
  readonly R: Tensor;
}

type Inputs = RotationInputs & Tensors;

const definition = defineOp<Inputs, { y: Tensor }, CayleyForm>({
  name: 'rotation',
  lower({ inputs: { x, R }, outputs: { y }, attributes: { size } }, lowering) {
    return rotated(lowering, { x, R, y }, size, false);
  },
  gradient({ inputs: { x, packed, R }, outputs: { y }, attributes }, tape) {
    const dy = tape.gradientOf(y);
    if (!dy) return;
    if (tape.needsGradient(packed)) {
      const { tensor: gradient, further } = tape.parameterGradient(packed);
      tape.apply(packedGradient, { dy, x, packed, R, gradient }, {}, { ...attributes, further });
    }
    if (!tape.needsGradient(x)) return;
    tape.addGradient(x, tape.apply(inputGradient, { dy, R }, { dx: x }, attributes).dx);
  },
});

const inputGradient = defineOp<
  { readonly dy: Tensor; readonly R: Tensor } & Tensors,
  { dx: Tensor },
  CayleyForm
>({
  name: 'rotation_input_gradient',
  lower({ inputs: { dy, R }, outputs: { dx }, attributes: { size } }, lowering) {
    return rotated(lowering, { x: dy, R, y: dx }, size, true);
  },
});

const packedGradient = defineOp<
  Inputs & { readonly dy: Tensor; readonly gradient: Tensor },
  Record<string, never>,
  CayleyForm & { readonly further: boolean }
>({
  name: 'rotation_gradient',
  lower({ inputs: { dy, x, packed, R, gradient }, attributes }, lowering) {
    const { size } = attributes;
    const width = rowElements(x.shape);
    const dR = lowering.temporary('dR', f32(width / size, size, size));
    const quads = Math.ceil(size / 4);
    const groups = Math.ceil(((width / size) * quads * quads) / 4);
    const sums = rowWindows(lowering, [x], { rowOperations: 2 * width * size }).map((window): Dispatch => ({
      kernel: 'rotation_gradient',
      constants: { QUADS: size % 4 === 0, GRADIENT: true },
      overrides: { size, width, ...windowRows(window) },
      bindings: [windowed(read(x), window), windowed(read(dy), window), update(dR)],
      workgroups: () => spread(groups, lowering.limits.maxComputeWorkgroupsPerDimension),
      flops: (rows) => 2 * rowsIn(rows, window) * width * size,
    }));
    return [...sums, ...skewGradient(lowering, { packed, R, dR, gradient }, attributes)];
  },
});

function rotated(
  lowering: Lowering,
  { x, R, y }: { readonly x: Tensor; readonly R: Tensor; readonly y: Tensor },
  size: number,
  transposed: boolean,
): Dispatch[] {
  const width = rowElements(x.shape);
  const [fixed] = x.shape;
  const threads = (width / size) * Math.ceil(size / 4);
  return rowWindows(lowering, [x], { rowOperations: 2 * width * size }).map((window): Dispatch => ({
    kernel: 'rotation',
    constants: { QUADS: size % 4 === 0, TRANSPOSED: transposed },
    overrides: { size, width, ...windowRows(window) },
    bindings: [windowed(read(x), window), read(R), windowed(write(y), window)],
    workgroups: (rows) => {
      const count = typeof fixed === 'number' ? fixed : rowsIn(rows, window);
      return spread(
        Math.ceil((Math.ceil(count / 4) * threads) / 64),
        lowering.limits.maxComputeWorkgroupsPerDimension,
      );
    },
    flops: (rows) => 2 * rowsIn(rows, window) * width * size,
  }));
}

function windowRows(window: RowWindow | undefined): Record<string, number> {
  return window ? { first_row: window.first, max_rows: window.count } : {};
}

/**
 * y = x R, block by block of the columns, f32 [rows, width]: orthogonal fine-tuning of the inputs (OFT v2, Qiu et al. 2025,
 * arXiv 2506.19847). The gradient goes through R to `packed`.
 */
export function rotation(builder: Builder, inputs: RotationInputs, form: CayleyForm): Tensor {
  return builder.apply(definition, { ...inputs }, { y: inputs.x }, form).y;
}

const rotationsDefinition = defineOp<Omit<RotationInputs, 'x'> & Tensors, Record<string, never>, CayleyForm>({
  name: 'rotations',
  lower({ inputs, attributes }, lowering) {
    return rotationsFrom(lowering, inputs, attributes);
  },
});

/** Fills R, f32 [blocks · size · size], with the rotations (I − Q) (I + Q)⁻¹ of the blocks, or their series. */
export function rotations(builder: Builder, inputs: Omit<RotationInputs, 'x'>, form: CayleyForm): void {
  builder.apply(rotationsDefinition, { ...inputs }, {}, form);
}
