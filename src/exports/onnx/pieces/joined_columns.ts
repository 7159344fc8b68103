import { onnxValue, type OnnxTensorValue } from '../../../onnx_runtime/run_graph';
import { bitsOf } from './values';

/** Values [..., columns] side by side. */
export async function joinedColumns(values: readonly OnnxTensorValue[]): Promise<OnnxTensorValue> {
  const [first] = values;
  if (!first) throw new Error('there are no values');
  const widths = values.map(({ dims }) => dims.at(-1) ?? 1);
  const width = widths.reduce((sum, each) => sum + each, 0);
  const rows = first.size / (widths[0] ?? 1);
  const all = first.type === 'float16' ? new Uint16Array(rows * width) : new Float32Array(rows * width);
  let column = 0;
  for (const [index, value] of values.entries()) {
    const data = await value.getData();
    if (!ArrayBuffer.isView(data)) throw new Error(`there are no columns of type ${value.type}`);
    const numbers = value.type === 'float16' ? bitsOf(data) : (data as Float32Array);
    const own = widths[index] ?? 1;
    for (let row = 0; row < rows; row++) {
      all.set(numbers.subarray(row * own, (row + 1) * own), row * width + column);
    }
    column += own;
  }
  return onnxValue(first.type, all, [...first.dims.slice(0, -1), width]);
}
