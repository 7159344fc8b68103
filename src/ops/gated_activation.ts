import {
  elements,
  f32,
  read,
  rowElements,
  spread,
  write,
  type Builder,
  type Dispatch,
  type Lowering,
  type Op,
  type Tensor,
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

interface FusedInputs {
  readonly [name: string]: Tensor;
  /** A row's gates, then its values. */
  readonly gateUp: Tensor;
}

const fused: Op<FusedInputs, { y: Tensor }, Attributes> = {
  name: 'fused_gated_activation',
  lower({ inputs: { gateUp }, outputs: { y }, attributes }, lowering) {
    const bindings = [read(gateUp), write(y)];
    return [{ kernel: 'gated_activation', bindings, ...fusedElementwise(y, attributes, lowering) }];
  },
  gradient({ inputs: { gateUp }, outputs: { y }, attributes }, tape) {
    const dy = tape.gradientOf(y);
    if (!dy || !tape.needsGradient(gateUp)) return;
    const { dgateUp } = tape.apply(fusedGradient, { dy, gateUp }, { dgateUp: gateUp }, attributes);
    tape.addGradient(gateUp, dgateUp);
  },
};

const fusedGradient: Op<FusedInputs & { readonly dy: Tensor }, { dgateUp: Tensor }, Attributes> = {
  name: 'fused_gated_activation_gradient',
  lower({ inputs: { dy, gateUp }, outputs: { dgateUp }, attributes }, lowering) {
    const bindings = [read(dy), read(gateUp), write(dgateUp)];
    return [{ kernel: 'gated_activation_gradient', bindings, ...fusedElementwise(dy, attributes, lowering) }];
  },
};

type Elementwise = Required<Pick<Dispatch, 'constants' | 'workgroups'>>;

/** One thread per vector of y. */
function fusedElementwise(
  y: Tensor,
  attributes: Attributes,
  lowering: Lowering,
): Elementwise & Pick<Dispatch, 'overrides'> {
  const { constants, workgroups } = elementwise(y, attributes, lowering);
  const columns = rowElements(y.shape);
  return {
    constants: { ...constants, FUSED: true },
    overrides: { columns: constants['SCALAR'] ? columns : columns / 4 },
    workgroups,
  };
}

function elementwise({ shape }: Tensor, { activation }: Attributes, { limits }: Lowering): Elementwise {
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

/** The same where one linear map gives both: gateUp f32 [rows, 2 · columns], a row's gates before its values (GLM). */
export function fusedGatedActivation(
  builder: Builder,
  { gateUp }: { readonly gateUp: Tensor },
  { activation }: { readonly activation: Activation },
): Tensor {
  const y = f32(gateUp.shape[0] ?? 'rows', rowElements(gateUp.shape) / 2);
  return builder.apply(fused, { gateUp }, { y }, { activation }).y;
}
