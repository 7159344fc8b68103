import type { WeightData } from '../graph';
import type { FloatType, Matrix, ProductForm, TableForm } from './form';
import { gathered } from './gathered';

/** Plain numbers, [out, in] as in a checkpoint. A tied head and its table of embeddings share them. */
export const dense: ProductForm & TableForm = {
  product({ graph, float }, x, matrix, bias) {
    graph.weight(denseData(matrix, float));
    return graph.op('Gemm', [x, matrix.name, ...(bias === undefined ? [] : [bias])], {
      attributes: { transB: { int: 1 } },
    });
  },
  lookUp({ graph, float }, tokens, matrix) {
    graph.weight(denseData(matrix, float));
    return graph.op('Gather', [matrix.name, tokens]);
  },
};

function denseData({ name, out, in: input, encoded }: Matrix, type: FloatType): WeightData {
  const encoding = { encoder: 'onnx', type, rowLength: input } as const;
  return {
    tensors: [{ name, type, shape: [out, input] }],
    holds: { name, encoding },
    parts: () => gathered(encoded(encoding)),
  };
}
