import { f32, read, rowElements, write, type Builder, type Tensor, defineOp } from './op';

const THREADS = 64;

const definition = defineOp<{ readonly x: Tensor }, { y: Tensor }, null>({
  name: 'last_row',
  lower({ inputs: { x }, outputs: { y } }) {
    return [
      {
        kernel: 'last_row',
        bindings: [read(x), write(y)],
        workgroups: () => [Math.ceil(rowElements(y.shape) / THREADS), 1, 1],
      },
    ];
  },
});

/** The last row in use of x [rows, columns], as [1, columns]: what the next token is predicted from. */
export function lastRow(builder: Builder, x: Tensor): Tensor {
  return builder.apply(definition, { x }, { y: f32(1, rowElements(x.shape)) }, null).y;
}
