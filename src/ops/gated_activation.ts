import type { ShaderConstants } from '../gpu/shaders';
import { rowsIn, rowWindows, windowed } from './products/row_windows';
import {
  f32,
  read,
  rowElements,
  spread,
  write,
  type Binding,
  type Builder,
  type Dispatch,
  type Lowering,
  type Tensor,
  defineOp,
} from './op';

const THREADS = 64;

/** By the names of Transformers' `hidden_act`. */
export type Activation = 'silu' | 'gelu_pytorch_tanh' | 'gelu';

interface Attributes {
  readonly activation: Activation;
}

interface Inputs {
  readonly [name: string]: Tensor;
  readonly gate: Tensor;
  readonly up: Tensor;
}

const definition = defineOp<Inputs, { y: Tensor }, Attributes>({
  name: 'gated_activation',
  lower({ inputs, outputs: { y }, attributes: { activation } }, lowering) {
    return applyGate(lowering, { ...inputs, y }, activation);
  },
  gradient({ inputs: { gate, up }, outputs: { y }, attributes }, tape) {
    const dy = tape.gradientOf(y);
    if (!dy) return;
    const outputs = { dgate: gate, dup: up };
    const { dgate, dup } = tape.apply(gradientDefinition, { dy, gate, up }, outputs, attributes);
    if (tape.needsGradient(gate)) tape.addGradient(gate, dgate);
    if (tape.needsGradient(up)) tape.addGradient(up, dup);
  },
});

const gradientDefinition = defineOp<
  Inputs & { readonly dy: Tensor },
  { dgate: Tensor; dup: Tensor },
  Attributes
>({
  name: 'gated_activation_gradient',
  lower({ inputs: { dy, gate, up }, outputs: { dgate, dup }, attributes }, lowering) {
    const bindings = [read(dy), read(gate), read(up), write(dgate), write(dup)];
    return elementwise('gated_activation_gradient', bindings, dy, attributes, lowering);
  },
});

interface FusedInputs {
  readonly [name: string]: Tensor;
  /** A row's gates, then its values. */
  readonly gateUp: Tensor;
}

const fused = defineOp<FusedInputs, { y: Tensor }, Attributes>({
  name: 'fused_gated_activation',
  lower({ inputs: { gateUp }, outputs: { y }, attributes }, lowering) {
    return elementwise('gated_activation', [read(gateUp), write(y)], y, attributes, lowering, true);
  },
  gradient({ inputs: { gateUp }, outputs: { y }, attributes }, tape) {
    const dy = tape.gradientOf(y);
    if (!dy || !tape.needsGradient(gateUp)) return;
    const { dgateUp } = tape.apply(fusedGradient, { dy, gateUp }, { dgateUp: gateUp }, attributes);
    tape.addGradient(gateUp, dgateUp);
  },
});

const fusedGradient = defineOp<FusedInputs & { readonly dy: Tensor }, { dgateUp: Tensor }, Attributes>({
  name: 'fused_gated_activation_gradient',
  lower({ inputs: { dy, gateUp }, outputs: { dgateUp }, attributes }, lowering) {
    const bindings = [read(dy), read(gateUp), write(dgateUp)];
    return elementwise('gated_activation_gradient', bindings, dy, attributes, lowering, true);
  },
});

/** The constants of shaders/lib/activation.wgsl. */
export function activationConstants(activation: Activation): ShaderConstants {
  return { [{ silu: 'SILU', gelu_pytorch_tanh: 'GELU_TANH', gelu: 'GELU' }[activation]]: true };
}

/** y = act(gate) ⊙ up, for ops that make `gate` and `up` themselves. */
export function applyGate(
  lowering: Lowering,
  { gate, up, y }: { readonly gate: Tensor; readonly up: Tensor; readonly y: Tensor },
  activation: Activation,
): Dispatch[] {
  return elementwise('gated_activation', [read(gate), read(up), write(y)], y, { activation }, lowering);
}

/** One thread per vector of y (or dy), in windows of the rows where a tensor is larger than a binding. */
function elementwise(
  kernel: string,
  bindings: readonly Binding[],
  y: Tensor,
  { activation }: Attributes,
  lowering: Lowering,
  isFused = false,
): Dispatch[] {
  const columns = rowElements(y.shape);
  const scalar = columns % 4 !== 0;
  const width = scalar ? 1 : 4;
  const tensors = bindings.map(({ tensor }) => tensor);
  return rowWindows(lowering, tensors).map((window) => ({
    kernel,
    constants: { SCALAR: scalar, ...activationConstants(activation), ...(isFused && { FUSED: true }) },
    ...(isFused && { overrides: { columns: columns / width } }),
    bindings: bindings.map((binding) => windowed(binding, window)),
    workgroups: (rows) =>
      spread(
        Math.ceil((rowsIn(rows, window) * columns) / (THREADS * width)),
        lowering.limits.maxComputeWorkgroupsPerDimension,
      ),
  }));
}

/**
 * y = act(gate) ⊙ up, all f32 [rows, columns] (Shazeer 2020, "GLU Variants Improve Transformer"). `gelu_pytorch_tanh` is
 * the tanh approximation of Hendrycks & Gimpel 2016.
 */
export function gatedActivation(
  builder: Builder,
  { gate, up }: { readonly gate: Tensor; readonly up: Tensor },
  { activation }: { readonly activation: Activation },
): Tensor {
  return builder.apply(definition, { gate, up }, { y: gate }, { activation }).y;
}

/** The same where one linear map gives both: gateUp f32 [rows, 2 · columns], a row's gates before its values (GLM). */
export function fusedGatedActivation(
  builder: Builder,
  { gateUp }: { readonly gateUp: Tensor },
  { activation }: { readonly activation: Activation },
): Tensor {
  const y = f32(gateUp.shape[0] ?? 'rows', rowElements(gateUp.shape) / 2);
  return builder.apply(fused, { gateUp }, { y }, { activation }).y;
}
