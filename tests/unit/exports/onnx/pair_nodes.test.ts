import { describe, expect, it } from 'vitest';
import { OnnxGraph } from '../../../../src/exports/onnx/graph';
import { requirePair } from '../../../../src/exports/onnx/pair_nodes';
import type { OnnxNode } from '../../../../src/formats/onnx/model';

const module = { path: 'layers.0.q_proj', scale: 0.3 };

interface Fault {
  readonly alpha?: number;
  readonly pairOf?: string;
  readonly isLost?: true;
  readonly isTwice?: true;
}

/** y = x Wᵀ + bias + alpha · x Aᵀ Bᵀ */
function nodesOf({ alpha = module.scale, pairOf = 'x', isLost, isTwice }: Fault = {}): readonly OnnxNode[] {
  const graph = new OnnxGraph();
  const transB = { int: 1 };
  const w = graph.microsoft('MatMulBnb4', ['x', `${module.path}.weight.nf4`]);
  const y = graph.op('Add', [w, 'bias']);
  const z = graph.op('Gemm', [pairOf, `${module.path}.lora_A`], { attributes: { transB } });
  const pair = graph.op('Gemm', [z, `${module.path}.lora_B`], {
    attributes: { transB, alpha: { float: alpha } },
  });
  const sum = graph.op('Add', [y, isLost ? y : pair]);
  if (isTwice) graph.op('Add', [sum, pair]);
  return graph.nodes;
}

describe('an adapter’s pair beside its weight', () => {
  it('is added once, at the module’s scale', () => {
    expect(() => requirePair(nodesOf(), module)).not.toThrow();
  });

  it.each<[string, Fault]>([
    ['another scale', { alpha: 0.31 }],
    ['another input', { pairOf: 'other' }],
    ['no sum', { isLost: true }],
    ['two sums', { isTwice: true }],
  ])('is refused with %s', (_, fault) => {
    expect(() => requirePair(nodesOf(fault), module)).toThrow(
      expect.objectContaining({
        code: 'export_differs',
        detail: expect.stringContaining('layers.0.q_proj') as string,
      }),
    );
  });
});
