import {
  defineOp,
  read,
  rowElements,
  spread,
  write,
  type Binding,
  type Builder,
  type Dispatch,
  type Lowering,
  type Tensor,
  type Tensors,
} from './op';
import type { Dropout } from './products/algorithm';
import { masking } from './products/masking';
import { rowsIn, rowWindows, windowed, type RowWindow } from './products/row_windows';

interface Outputs extends Record<string, Tensor> {
  readonly kept: Tensor;
  readonly rest: Tensor;
}

const definition = defineOp<{ readonly x: Tensor } & Tensors, Outputs, Dropout>({
  name: 'dropout_split',
  lower({ inputs: { x }, outputs: { kept, rest }, attributes }, lowering) {
    const bind = (window: RowWindow | undefined): Binding[] =>
      [read(x), write(kept), write(rest)].map((binding) => windowed(binding, window));
    return elementwise(lowering, x, attributes, bind);
  },
  gradient({ inputs: { x }, outputs: { kept, rest }, attributes }, tape) {
    if (!tape.needsGradient(x)) return;
    const [dkept, drest] = [tape.gradientOf(kept), tape.gradientOf(rest)];
    if (!dkept || !drest) throw new Error('both parts of a split x have a gradient');
    const inputs = { dkept, drest, soFar: tape.gradientOf(x) };
    tape.setGradient(x, tape.apply(gradientDefinition, inputs, { dx: x }, attributes).dx);
  },
});

const gradientDefinition = defineOp<
  { readonly dkept: Tensor; readonly drest: Tensor; readonly soFar: Tensor | undefined } & Tensors,
  { dx: Tensor },
  Dropout
>({
  name: 'dropout_split_gradient',
  lower({ inputs: { dkept, drest, soFar }, outputs: { dx }, attributes }, lowering) {
    const bind = (window: RowWindow | undefined): Binding[] =>
      [read(dkept), read(drest), write(dx), ...(soFar ? [read(soFar)] : [])].map((binding) =>
        windowed(binding, window),
      );
    const constants = { GRADIENT: true, SO_FAR: soFar !== undefined };
    return elementwise(lowering, dx, attributes, bind, constants);
  },
});

function elementwise(
  lowering: Lowering,
  x: Tensor,
  dropout: Dropout,
  bind: (window: RowWindow | undefined) => Binding[],
  constants: Readonly<Record<string, boolean>> = {},
): Dispatch[] {
  const columns4 = rowElements(x.shape) / 4;
  return rowWindows(lowering, [x]).map((window): Dispatch => {
    const bindings = bind(window);
    const masked = masking(dropout, bindings, window);
    return {
      kernel: 'dropout_split',
      constants: { ...constants, ...masked.constants },
      overrides: { columns4, ...masked.overrides },
      bindings,
      words: masked.words,
      workgroups: (rows) =>
        spread(
          Math.ceil((rowsIn(rows, window) * columns4) / 64),
          lowering.limits.maxComputeWorkgroupsPerDimension,
        ),
    };
  });
}

/**
 * kept = dropout(x) and rest = x − kept, f32 [rows, columns], columns a multiple of 4: for products that want both sides
 * of the mask, as DoRA's under dropout.
 */
export function dropoutSplit(
  builder: Builder,
  x: Tensor,
  { p, stream }: Dropout,
): { readonly kept: Tensor; readonly rest: Tensor } {
  return builder.apply(definition, { x }, { kept: x, rest: x }, { p, stream });
}
