import type { Tensor, Tensors } from '../../../ops/op';
import type { Weight } from '../../../ops/weight';
import type { Lowering, OnnxScope } from '../scope';

interface Inputs extends Tensors {
  readonly x: Tensor;
  readonly bias: Tensor | undefined;
  readonly residual: Tensor | undefined;
  readonly lora_A: Tensor | undefined;
  readonly lora_B: Tensor | undefined;
}

interface Attributes {
  readonly weight: Weight;
  readonly lora: { readonly scale: number } | undefined;
}

/** y = x Wᵀ + bias + scale · x Aᵀ Bᵀ + residual */
export const linear: Lowering<Inputs, Attributes> = {
  op: 'linear',
  lower({ inputs, attributes: { weight, lora } }, scope) {
    const { x, bias, residual, lora_A: A, lora_B: B } = inputs;
    const { graph } = scope;
    const input = scope.value(x);
    let y = scope.product(input, weight, bias && scope.value(bias));
    if (lora && A && B) y = graph.op('Add', [y, pair(scope, input, { A, B, scale: lora.scale })]);
    return { y: residual ? graph.op('Add', [scope.value(residual), y]) : y };
  },
};

function pair(
  { graph, value }: OnnxScope,
  x: string,
  { A, B, scale }: { readonly A: Tensor; readonly B: Tensor; readonly scale: number },
): string {
  const transB = { int: 1 };
  const z = graph.op('Gemm', [x, value(A)], { attributes: { transB } });
  return graph.op('Gemm', [z, value(B)], { attributes: { transB, alpha: { float: scale } } });
}
