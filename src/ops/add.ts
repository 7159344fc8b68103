import { read, spread, write, type Builder, type Tensor, elements, defineOp } from './op';

interface Inputs {
  readonly [name: string]: Tensor;
  readonly a: Tensor;
  readonly b: Tensor;
}

const definition = defineOp<Inputs, { y: Tensor }, null>({
  name: 'add',
  lower({ inputs: { a, b }, outputs: { y } }) {
    return [
      {
        kernel: 'add',
        bindings: [read(a), read(b), write(y)],
        workgroups: (rows) => spread(Math.ceil(elements(y.shape, rows) / 256)),
      },
    ];
  },
  gradient({ inputs: { a, b }, outputs: { y } }, tape) {
    const gradient = tape.gradientOf(y);
    if (!gradient) return;
    if (tape.needsGradient(a)) tape.addGradient(a, gradient);
    if (tape.needsGradient(b)) tape.addGradient(b, gradient);
  },
});

/** y = a + b, elementwise; shapes equal. Sums gradients where a tensor has several uses. */
export function add(builder: Builder, a: Tensor, b: Tensor): Tensor {
  return builder.apply(definition, { a, b }, { y: a }, null).y;
}
