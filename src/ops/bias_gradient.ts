import {
  defineOp,
  read,
  rowElements,
  update,
  type Dispatch,
  type Tape,
  type Tensor,
  type Tensors,
} from './op';
import { rowsIn, rowWindows, windowed } from './products/row_windows';

const definition = defineOp<
  { readonly dy: Tensor; readonly gradient: Tensor } & Tensors,
  Record<string, never>,
  { readonly further: boolean }
>({
  name: 'bias_gradient',
  lower({ inputs: { dy, gradient }, attributes: { further } }, lowering) {
    const columns4 = rowElements(dy.shape) / 4;
    return rowWindows(lowering, [dy]).map((window): Dispatch => {
      const added = further || (window !== undefined && window.first > 0);
      return {
        kernel: 'bias_gradient',
        overrides: {
          columns4,
          further: Number(added),
          ...(window && { first_row: window.first, max_rows: window.count }),
        },
        bindings: [windowed(read(dy), window), update(gradient)],
        workgroups: () => [Math.ceil(columns4 / 4), 1, 1],
        flops: (rows) => rowsIn(rows, window) * columns4 * 4,
      };
    });
  },
});

/** The gradient of a bias (f32 [columns], a multiple of 4), if it is trained: the sum of the rows of dy. */
export function biasGradient(tape: Tape, bias: Tensor | undefined, dy: Tensor): void {
  if (!tape.needsGradient(bias)) return;
  const { tensor: gradient, further } = tape.parameterGradient(bias);
  tape.apply(definition, { dy, gradient }, {}, { further });
}
