import {
  elements,
  read,
  rowElements,
  spread,
  write,
  type Builder,
  type Lowering,
  type Op,
  type Tensor,
  type Workgroups,
} from './op';
import type { ShaderConstants } from '../gpu/shaders';

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

const definition: Op<Inputs, { y: Tensor }, Attributes> = {
  name: 'gated_activation',
  lower({ inputs: { gate, up }, outputs: { y }, attributes }, lowering) {
    const bindings = [read(gate), read(up), write(y)];
    return [{ kernel: 'gated_activation', bindings, ...elementwise(gate, attributes, lowering) }];
  },
  gradient({ inputs: { gate, up }, outputs: { y }, attributes }, tape) {
    const dy = tape.gradientOf(y);
    if (!dy) return;
    const outputs = { dgate: gate, dup: up };
    const { dgate, dup } = tape.apply(gradientDefinition, { dy, gate, up }, outputs, attributes);
    if (tape.needsGradient(gate)) tape.addGradient(gate, dgate);
    if (tape.needsGradient(up)) tape.addGradient(up, dup);
  },
};

const gradientDefinition: Op<Inputs & { readonly dy: Tensor }, { dgate: Tensor; dup: Tensor }, Attributes> = {
  name: 'gated_activation_gradient',
  lower({ inputs: { dy, gate, up }, outputs: { dgate, dup }, attributes }, lowering) {
    const bindings = [read(dy), read(gate), read(up), write(dgate), write(dup)];
    return [{ kernel: 'gated_activation_gradient', bindings, ...elementwise(gate, attributes, lowering) }];
  },
};

function elementwise(
  { shape }: Tensor,
  { activation }: Attributes,
  { limits }: Lowering,
): { constants: ShaderConstants; workgroups: (rows: number) => Workgroups } {
  const scalar = rowElements(shape) % 4 !== 0;
  const width = THREADS * (scalar ? 1 : 4);
  const name = { silu: 'SILU', gelu_pytorch_tanh: 'GELU_TANH', gelu: 'GELU' }[activation];
  return {
    constants: { SCALAR: scalar, [name]: true },
    workgroups: (rows) =>
      spread(Math.ceil(elements(shape, rows) / width), limits.maxComputeWorkgroupsPerDimension),
  };
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
