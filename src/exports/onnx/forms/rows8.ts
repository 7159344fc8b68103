import type { WeightData } from '../graph';
import type { Matrix, ProductForm, TableForm } from './form';
import { gathered } from './gathered';

const FLOAT = 1;

/**
 * 8 bits with a scale and a zero point for each output, and products of integers of activations that are quantised as
 * they come: the graph that ONNX Runtime's `quantize_dynamic` makes. Embeddings have 8 bits with a scale for each token.
 */
export const rows8: ProductForm & TableForm = {
  product({ graph }, x, matrix, bias) {
    const data = transposedData(matrix);
    graph.weight(data);
    const [codes = '', scales = '', zeroPoints = ''] = data.tensors.map(({ name }) => name);
    const [codesOfX = '', scaleOfX = '', zeroOfX = ''] = graph.shared(`${x}_quantized`, () => {
      const outputs = ['quantized', 'scale', 'zero_point'].map((part) => `${x}_${part}`);
      graph.op('DynamicQuantizeLinear', [x], { outputs });
      return outputs;
    });
    const sums = graph.op('MatMulInteger', [codesOfX, codes, zeroOfX, zeroPoints]);
    const floats = graph.op('Cast', [sums], { attributes: { to: { int: FLOAT } } });
    const y = graph.op('Mul', [floats, graph.op('Mul', [scaleOfX, scales])]);
    return bias === undefined ? y : graph.op('Add', [y, bias]);
  },
  lookUp({ graph }, tokens, matrix) {
    const data = tableData(matrix);
    graph.weight(data);
    const [codes = '', scales = ''] = data.tensors.map(({ name }) => graph.op('Gather', [name, tokens]));
    const floats = graph.op('Cast', [codes], { attributes: { to: { int: FLOAT } } });
    return graph.op('Mul', [floats, scales]);
  },
};

/** Most bytes of codes that are kept to turn rows into columns. */
const STRIP_BYTES = 256 * 2 ** 20;

/**
 * Codes [in, out], scales [out], zero points [out]. MatMulInteger wants the codes of one input side by side, which come
 * from all rows: a large matrix is read several times, for some of its columns each.
 */
function transposedData({ name, out, in: input, encoded }: Matrix): WeightData {
  const encoding = { encoder: 'onnx', type: 'q8', rowLength: input } as const;
  return {
    holds: { name, encoding, isTransposed: true },
    tensors: [
      { name: `${name}.q8`, type: 'uint8', shape: [input, out] },
      { name: `${name}.q8_scales`, type: 'float32', shape: [out] },
      { name: `${name}.q8_zero_points`, type: 'uint8', shape: [out] },
    ],
    async *parts() {
      let others: Uint8Array[] = [];
      const width = Math.min(input, Math.max(1, Math.floor(STRIP_BYTES / out)));
      for (let first = 0; first < input; first += width) {
        const columns = Math.min(width, input - first);
        const strip = new Uint8Array(columns * out);
        others = [new Uint8Array(4 * out), new Uint8Array(out)];
        let row = 0;
        for await (const [codes = new Uint8Array(), ...rest] of encoded(encoding)) {
          rest.forEach((array, index) => others[index]?.set(array, (row * others[index].length) / out));
          transpose(codes.subarray(first), input, strip.subarray(row), { columns, out });
          row += codes.length / input;
        }
        yield strip;
      }
      yield* others;
    },
  };
}

function transpose(
  codes: Uint8Array,
  input: number,
  target: Uint8Array,
  { columns, out }: { readonly columns: number; readonly out: number },
): void {
  for (let from = 0, row = 0; from < codes.length; from += input, row++) {
    for (let column = 0; column < columns; column++) target[column * out + row] = codes[from + column]!;
  }
}

function tableData({ name, out, in: input, encoded }: Matrix): WeightData {
  const encoding = { encoder: 'onnx', type: 'q8_table', rowLength: input } as const;
  return {
    holds: { name, encoding },
    tensors: [
      { name: `${name}.table_q8`, type: 'int8', shape: [out, input] },
      { name: `${name}.table_q8_scales`, type: 'float32', shape: [out, 1] },
    ],
    parts: () => gathered(encoded(encoding)),
  };
}
