import { floatsOf, isFloatDtype } from '../../core/dtype';
import { dequantizeGgml } from '../../formats/ggml/rows';
import { ggmlTypeOf } from '../../ops/packings/ggml';
import type { StoredTensor, StoredWeight } from './stored_weight';

/** Some rows of a matrix. */
export interface Rows {
  readonly first: number;
  readonly count: number;
}

/**
 * Some rows of a stored matrix as a weight of its own. Only for matrices that are stored row by row: dense ones, and
 * those that JavaScript dequantises.
 *
 * @param out rows of the whole matrix
 */
export function rowsOfWeight(weight: StoredWeight, out: number, { first, count }: Rows): StoredWeight {
  switch (weight.kind) {
    case 'dense':
      return { ...weight, tensor: rowsOfTensor(weight.tensor, out, { first, count }) };
    case 'requantised':
      return {
        ...weight,
        tensor: rowsOfTensor(weight.tensor, out, { first, count }),
        rows: (from, some) => weight.rows(first + from, some),
      };
    case 'packed':
      throw new Error(`a weight packed as ${weight.packing.format} has no rows of its own`);
  }
}

/**
 * Rows of a stored matrix in float32, [count, in], dequantised if necessary; or the values of a vector, whose rows are
 * single elements. The rows must be few, because all of them are in memory at once.
 *
 * @param out rows of the whole matrix
 * @throws Error for the packings of GPTQ, AWQ and bitsandbytes, which no export has
 */
export async function readWeightRows(
  weight: StoredWeight,
  out: number,
  { first, count }: Rows,
): Promise<Float32Array<ArrayBuffer>> {
  if (weight.kind === 'requantised') return await weight.rows(first, count);
  if (weight.kind === 'dense') {
    const { dtype } = weight.tensor;
    if (!isFloatDtype(dtype)) throw new Error(`${weight.tensor.name} of ${dtype} is not dense`);
    return floatsOf(dtype, await readRange(weight.tensor, out, { first, count }));
  }
  const { packing, buffers } = weight;
  const { codes } = buffers;
  const type = ggmlTypeOf(packing);
  if (!type || !codes || !('copy' in codes)) throw new Error(`rows of ${packing.format} are not read back`);
  return dequantizeGgml(type, await readRange(codes.copy, out, { first, count }));
}

function rowsOfTensor(tensor: StoredTensor, out: number, rows: Rows): StoredTensor {
  return { ...tensor, ...rangeOf(tensor, out, rows), shape: [rows.count, ...tensor.shape.slice(1)] };
}

async function readRange(tensor: StoredTensor, out: number, rows: Rows): Promise<Uint8Array<ArrayBuffer>> {
  const { begin, end } = rangeOf(tensor, out, rows);
  return await tensor.file.read(begin, end);
}

function rangeOf(
  { begin, end }: StoredTensor,
  out: number,
  { first, count }: Rows,
): Pick<StoredTensor, 'begin' | 'end'> {
  const rowBytes = (end - begin) / out;
  return { begin: begin + first * rowBytes, end: begin + (first + count) * rowBytes };
}
