import { BLOCK_4 } from '../../../formats/onnx/codecs/blocks4';
import type { WeightData } from '../graph';
import type { FloatType, Matrix, ProductForm } from './form';
import { gathered } from './gathered';

/** 4 bits with a scale and a zero point for every 32 columns, and MatMulNBits. */
export const blocks4: ProductForm = {
  product({ graph, float }, x, matrix, bias) {
    const data = blocks4Data(matrix, float);
    graph.weight(data);
    const y = graph.microsoft('MatMulNBits', [x, ...data.tensors.map(({ name }) => name)], {
      attributes: {
        K: { int: matrix.in },
        N: { int: matrix.out },
        bits: { int: 4 },
        block_size: { int: BLOCK_4 },
      },
    });
    return bias === undefined ? y : graph.op('Add', [y, bias]);
  },
};

function blocks4Data({ name, out, in: input, encoded }: Matrix, float: FloatType): WeightData {
  const blocks = Math.ceil(input / BLOCK_4);
  const type = float === 'float16' ? 'q4f16' : 'q4';
  const encoding = { encoder: 'onnx', type, rowLength: input } as const;
  return {
    tensors: [
      { name: `${name}.q4`, type: 'uint8', shape: [out, blocks, BLOCK_4 / 2] },
      { name: `${name}.q4_scales`, type: float, shape: [out, blocks] },
      { name: `${name}.q4_zero_points`, type: 'uint8', shape: [out, Math.ceil(blocks / 2)] },
    ],
    holds: { name, encoding },
    parts: () => gathered(encoded(encoding)),
  };
}
