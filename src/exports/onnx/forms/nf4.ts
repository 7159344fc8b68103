import type { WeightData } from '../graph';
import type { Matrix, ProductForm } from './form';
import { gathered } from './gathered';

/** MatMulBnb4's number of NF4. */
const NF4 = 1;

/**
 * The NF4 weights that the adapter was trained on, with the same values to the bit, and MatMulBnb4. Double quantisation
 * is undone: the scales are f32.
 */
export function nf4(blockSize: number): ProductForm {
  return {
    product({ graph }, x, matrix, bias) {
      const data = nf4Data(matrix, blockSize);
      graph.weight(data);
      const y = graph.microsoft('MatMulBnb4', [x, ...data.tensors.map(({ name }) => name)], {
        attributes: {
          K: { int: matrix.in },
          N: { int: matrix.out },
          block_size: { int: blockSize },
          quant_type: { int: NF4 },
        },
      });
      return bias === undefined ? y : graph.op('Add', [y, bias]);
    },
  };
}

function nf4Data({ name, out, in: input, encoded }: Matrix, blockSize: number): WeightData {
  const count = out * input;
  const encoding = { encoder: 'nf4', type: 'NF4', rowLength: input, blockSize } as const;
  return {
    tensors: [
      { name: `${name}.nf4`, type: 'uint8', shape: [count / 2] },
      { name: `${name}.nf4_absmax`, type: 'float32', shape: [count / blockSize] },
    ],
    holds: { name, encoding },
    parts: () => gathered(encoded(encoding)),
  };
}
