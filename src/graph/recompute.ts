import type { Node, Tensor, Tensors } from '../ops/op';
import { present, type Trace, type TracedNode } from './trace';

/**
 * Gradient checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost") as a rewrite of the graph:
 * each block is computed again just before its backward pass, so that between the passes only the tensors that cross
 * from block to block are kept. The same kernels run on the same inputs, so gradients are the same to the bit.
 *
 * The last block is left as it is: its backward pass follows its forward pass at once.
 */
export function recompute(trace: Trace): readonly TracedNode[] {
  const forward = trace.nodes.filter(({ backward }) => !backward);
  const last = Math.max(...forward.map(({ block }) => block ?? -1));
  const result: TracedNode[] = [];
  const again = new Map<number, Map<Tensor, Tensor>>();
  trace.nodes.forEach((entry, index) => {
    const { block, backward, node } = entry;
    if (!backward || block === undefined || block === last) {
      result.push(entry);
      return;
    }
    let renamed = again.get(block);
    if (!renamed) {
      renamed = new Map();
      again.set(block, renamed);
      const users = trace.nodes.slice(index).filter((later) => later.backward && later.block === block);
      const inside = forward.filter((candidate) => candidate.block === block);
      for (const needed of neededFor(users, inside)) result.push(cloneNode(trace, needed, renamed));
    }
    result.push({ ...entry, node: { ...node, inputs: substitute(node.inputs, renamed) } });
  });
  return result;
}

/** The nodes of `inside`, in order, that the users' inputs come from. */
function neededFor(users: readonly TracedNode[], inside: readonly TracedNode[]): readonly TracedNode[] {
  const wanted = new Set(users.flatMap(({ node }) => present(node.inputs)));
  const needed: TracedNode[] = [];
  for (const entry of [...inside].reverse()) {
    if (!present(entry.node.outputs).some((output) => wanted.has(output))) continue;
    needed.unshift(entry);
    for (const input of present(entry.node.inputs)) wanted.add(input);
  }
  return needed;
}

function cloneNode(trace: Trace, { node, block }: TracedNode, renamed: Map<Tensor, Tensor>): TracedNode {
  const inputs = substitute(node.inputs, renamed);
  const outputs: Record<string, Tensor> = {};
  for (const [key, output] of Object.entries(node.outputs)) {
    if (!output) continue;
    const copy = trace.planned(`${output.name}.again`, output);
    renamed.set(output, copy);
    outputs[key] = copy;
  }
  const clone: Node = { ...node, inputs, outputs };
  return { node: clone, block, backward: true };
}

function substitute(inputs: Tensors, renamed: ReadonlyMap<Tensor, Tensor>): Tensors {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, tensor]) => [key, tensor && (renamed.get(tensor) ?? tensor)]),
  );
}
