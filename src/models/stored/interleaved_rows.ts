import type { FileReader } from '../folder';
import type { StoredTensor } from './stored_weight';

/**
 * Presents a tensor's rows in Transformers' order. In the file, each of `heads` runs of rows has row p of its first
 * half at 2 p and row p of its second half at 2 p + 1. Rows are moved as bytes, whatever they hold.
 */
export function inHalves(tensor: StoredTensor, heads: number): StoredTensor {
  return { ...tensor, file: new RowsInHalves(tensor, heads) };
}

/**
 * The inverse for rows of numbers: puts row p of the first half of each head at 2 p, and row p of the second at 2 p + 1.
 *
 * @param values [heads × headRows, columns]
 */
export function interleaved(
  values: Float32Array<ArrayBuffer>,
  headRows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  const half = headRows / 2;
  for (let row = 0; row * columns < values.length; row++) {
    const within = row % headRows;
    const from = row - within + Math.floor(within / 2) + (within % 2) * half;
    result.set(values.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return result;
}

class RowsInHalves implements FileReader {
  readonly name: string;
  readonly size: number;
  readonly #tensor: StoredTensor;
  readonly #headRows: number;
  readonly #rowBytes: number;

  constructor(tensor: StoredTensor, heads: number) {
    const rows = tensor.shape[0] ?? 0;
    this.name = tensor.file.name;
    this.size = tensor.file.size;
    this.#tensor = tensor;
    this.#headRows = rows / heads;
    this.#rowBytes = (tensor.end - tensor.begin) / rows;
    if (this.#headRows % 2 !== 0) throw new Error(`${tensor.name} has no heads of two halves`);
  }

  /** Reads any bytes of the tensor. Reads whole heads from the file. */
  async read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const { file, begin: origin } = this.#tensor;
    const headBytes = this.#headRows * this.#rowBytes;
    const first = Math.floor((begin - origin) / headBytes) * headBytes;
    const last = Math.ceil((end - origin) / headBytes) * headBytes;
    const source = await file.read(origin + first, origin + last);
    const target = new Uint8Array(last - first);
    for (let head = 0; head < target.length; head += headBytes) this.#reorder(source, target, head);
    return target.subarray(begin - origin - first, end - origin - first);
  }

  #reorder(source: Uint8Array, target: Uint8Array, head: number): void {
    const half = this.#headRows / 2;
    for (let row = 0; row < this.#headRows; row++) {
      const from = head + (2 * (row % half) + Math.floor(row / half)) * this.#rowBytes;
      target.set(source.subarray(from, from + this.#rowBytes), head + row * this.#rowBytes);
    }
  }
}
