import { add } from '../ops/add';
import type { Builder, Tape, Tensor } from '../ops/op';
import { present, type Trace, type TracedNode } from './trace';

export interface Differentiation {
  /** Tensors whose gradients are wanted: trainable parameters (bound in the slot `parameters`) or activations. */
  readonly wanted: readonly Tensor[];
  /** Gradients of outputs given from outside, for ops without a loss: the tests' cotangents. */
  readonly seeds?: ReadonlyMap<Tensor, Tensor>;
}

/** The slots of the flat buffers: every parameter lies at the same offset in all of them. */
export const PARAMETERS = 'parameters';
export const GRADIENTS = 'gradients';

/**
 * Appends the backward pass to the trace: a reverse sweep that asks each op for its gradient, in ops. Nodes upstream of
 * nothing that is wanted are left out. Gradients of parameters are collected in the slot `gradients`; those of
 * activations are returned by `gradientOf`.
 */
export function differentiate(trace: Trace, { wanted, seeds }: Differentiation): ReadonlyMap<Tensor, Tensor> {
  const forward = [...trace.nodes];
  const active = activeTensors(forward, wanted);
  const gradients = new Map<Tensor, Tensor>(seeds);
  const written = new Set<Tensor>();
  const mirrors = new Map<Tensor, Tensor>();

  const apply: Builder['apply'] = (op, inputs, outputs, attributes) =>
    trace.apply(op, inputs, outputs, attributes);
  const tape: Tape = {
    apply,
    gradientOf: (tensor) => gradients.get(tensor),
    needsGradient: (tensor): tensor is Tensor => tensor !== undefined && active.has(tensor),
    addGradient: (tensor, contribution) => {
      const before = gradients.get(tensor);
      gradients.set(tensor, before ? add({ apply }, before, contribution) : contribution);
    },
    setGradient: (tensor, total) => {
      gradients.set(tensor, total);
    },
    parameterGradient: (parameter) => {
      const further = written.has(parameter);
      written.add(parameter);
      let tensor = mirrors.get(parameter);
      if (!tensor) {
        const { type, shape, storage, name } = parameter;
        const offset = storage.kind === 'bound' ? storage.offset : 0;
        tensor = trace.bound(GRADIENTS, type, shape, offset, `${name}.gradient`);
        mirrors.set(parameter, tensor);
      }
      return { tensor, further };
    },
  };

  for (const { node, block } of forward.reverse()) {
    const { op, inputs, outputs } = node;
    if (!op.gradient || !present(inputs).some((input) => active.has(input))) continue;
    const reached = op.loss === true || present(outputs).some((output) => gradients.has(output));
    if (reached) trace.backwardOf(block, () => op.gradient?.(node, tape));
  }
  return gradients;
}

/** Every tensor that depends on a wanted one through ops that can be differentiated. */
function activeTensors(nodes: readonly TracedNode[], wanted: readonly Tensor[]): Set<Tensor> {
  const active = new Set(wanted);
  for (const { node } of nodes) {
    if (!node.op.gradient || !present(node.inputs).some((input) => active.has(input))) continue;
    for (const output of present(node.outputs)) active.add(output);
  }
  return active;
}
