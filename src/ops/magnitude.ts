import {
  defineOp,
  read,
  rowElements,
  spread,
  update,
  write,
  type Binding,
  type Builder,
  type Dispatch,
  type Lowering,
  type Tensor,
  type Tensors,
} from './op';
import { rowsIn, rowWindows, windowed } from './products/row_windows';

export interface MagnitudeInputs {
  /** f32 [rows, columns], columns a multiple of 4. */
  readonly x: Tensor;
  /** f32 [columns] */
  readonly magnitude: Tensor;
  /** f32 [columns], constants to the gradient; ones if absent. */
  readonly norms?: Tensor;
  /** f32 [columns], frozen. */
  readonly bias?: Tensor;
  /** f32 [rows, columns] */
  readonly residual?: Tensor;
}

type Inputs = MagnitudeInputs & Tensors;

const definition = defineOp<Inputs, { y: Tensor }, null>({
  name: 'magnitude',
  lower({ inputs, outputs: { y } }, lowering) {
    return scaled(lowering, { ...inputs, y });
  },
  gradient({ inputs: { x, magnitude, norms, residual }, outputs: { y } }, tape) {
    const dy = tape.gradientOf(y);
    if (!dy) return;
    if (tape.needsGradient(residual)) tape.addGradient(residual, dy);
    if (tape.needsGradient(magnitude)) {
      const { tensor: gradient, further } = tape.parameterGradient(magnitude);
      tape.apply(magnitudeGradient, { dy, x, norms, gradient }, {}, { further });
    }
    if (!tape.needsGradient(x)) return;
    tape.addGradient(x, tape.apply(inputGradient, { dy, magnitude, norms }, { dx: x }, null).dx);
  },
});

const inputGradient = defineOp<
  { readonly dy: Tensor; readonly magnitude: Tensor; readonly norms: Tensor | undefined } & Tensors,
  { dx: Tensor },
  null
>({
  name: 'magnitude_input_gradient',
  lower({ inputs: { dy, magnitude, norms }, outputs: { dx } }, lowering) {
    return scaled(lowering, { x: dy, magnitude, norms, y: dx });
  },
});

const magnitudeGradient = defineOp<
  {
    readonly dy: Tensor;
    readonly x: Tensor;
    readonly norms: Tensor | undefined;
    readonly gradient: Tensor;
  } & Tensors,
  Record<string, never>,
  { readonly further: boolean }
>({
  name: 'magnitude_gradient',
  lower({ inputs: { dy, x, norms, gradient }, attributes: { further } }, lowering) {
    const columns4 = rowElements(x.shape) / 4;
    return rowWindows(lowering, [x]).map((window): Dispatch => {
      const added = further || (window !== undefined && window.first > 0);
      return {
        kernel: 'magnitude_gradient',
        constants: { NORMS: norms !== undefined },
        overrides: {
          columns4,
          further: Number(added),
          ...(window && { first_row: window.first, max_rows: window.count }),
        },
        bindings: [
          windowed(read(dy), window),
          windowed(read(x), window),
          update(gradient),
          ...(norms ? [read(norms)] : []),
        ],
        workgroups: () => [Math.ceil(columns4 / 4), 1, 1],
        flops: (rows) => 2 * rowsIn(rows, window) * columns4 * 4,
      };
    });
  },
});

/** y = magnitude (/ norms) ⊙ x (+ bias) (+ residual), in windows of the rows if a tensor is larger than a binding. */
function scaled(
  lowering: Lowering,
  { x, magnitude, norms, bias, residual, y }: MagnitudeInputs & { readonly y: Tensor },
): Dispatch[] {
  const columns4 = rowElements(y.shape) / 4;
  const [fixed] = y.shape;
  return rowWindows(lowering, [y]).map((window): Dispatch => {
    const bindings: Binding[] = [windowed(read(x), window), read(magnitude), windowed(write(y), window)];
    const constants: Record<string, number | boolean> = {};
    if (norms) Object.assign(constants, { NORMS: true, NORMS_BINDING: bindings.push(read(norms)) });
    if (bias) Object.assign(constants, { BIAS: true, BIAS_BINDING: bindings.push(read(bias)) });
    if (residual) {
      const place = bindings.push(windowed(read(residual), window));
      Object.assign(constants, { RESIDUAL: true, RESIDUAL_BINDING: place });
    }
    return {
      kernel: 'magnitude_scale',
      constants,
      overrides: { columns4 },
      bindings,
      workgroups: (rows) => {
        const count = typeof fixed === 'number' ? fixed : rowsIn(rows, window);
        return spread(Math.ceil((count * columns4) / 64), lowering.limits.maxComputeWorkgroupsPerDimension);
      },
    };
  });
}

/**
 * y = magnitude / norms ⊙ x + bias + residual, f32 [rows, columns]: DoRA (Liu et al. 2024) applied to the product
 * x (W + scale · B A)ᵀ, whose rows of weights have those norms. Without norms: y = magnitude ⊙ x, as in IA³ (Liu et al. 2022).
 */
export function magnitudeScale(builder: Builder, inputs: MagnitudeInputs): Tensor {
  return builder.apply(definition, { ...inputs }, { y: inputs.x }, null).y;
}
