import type { Activation } from '../../../ops/gated_activation';
import { rowElements, type Tensor } from '../../../ops/op';
import type { OnnxGraph } from '../graph';
import type { Lowering } from '../scope';

interface Attributes {
  readonly activation: Activation;
}

export const gatedActivation: Lowering<Readonly<Record<'gate' | 'up', Tensor>>, Attributes> = {
  op: 'gated_activation',
  lower({ inputs: { gate, up }, attributes: { activation } }, { graph, value }) {
    return {
      y: graph.op('Mul', [activated(graph, activation, value(gate)), value(up)]),
    };
  },
};

export const fusedGatedActivation: Lowering<Readonly<Record<'gateUp', Tensor>>, Attributes> = {
  op: 'fused_gated_activation',
  lower({ inputs: { gateUp }, attributes: { activation } }, { graph, value }) {
    const columns = rowElements(gateUp.shape) / 2;
    const [gate, up] = [graph.fresh('Gate'), graph.fresh('Up')];
    graph.op('Split', [value(gateUp), graph.ints([columns, columns])], {
      attributes: { axis: { int: -1 } },
      outputs: [gate, up],
    });
    return { y: graph.op('Mul', [activated(graph, activation, gate), up]) };
  },
};

function activated(graph: OnnxGraph, activation: Activation, x: string): string {
  switch (activation) {
    case 'silu':
      return graph.op('Mul', [x, graph.op('Sigmoid', [x])]);
    case 'gelu':
      return graph.microsoft('Gelu', [x]);
    case 'gelu_pytorch_tanh':
      return graph.microsoft('FastGelu', [x]);
  }
}
