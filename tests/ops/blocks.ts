import { alignUp } from '../../src/core/align';
import { BLOCK, blocksOf } from '../../src/ops/block_step';
import type { TensorRecord } from '../../src/ops/tensor_table';

export interface Element {
  readonly block: number;
  /** Within all blocks. */
  readonly code: number;
  /** In the flat buffer. */
  readonly at: number;
  readonly rate: number;
}

export function* elementsOf(records: readonly TensorRecord[]): Generator<Element, void, void> {
  for (const { first, offset, count, columns, stride, rate } of records) {
    for (let e = 0; e < count; e++) {
      const at = offset + Math.floor(e / columns) * stride + (e % columns);
      yield { block: first + Math.floor(e / BLOCK), code: first * BLOCK + e, at, rate };
    }
  }
}

export const byteOf = (words: Float64Array, index: number): number =>
  Math.floor(words[index >> 2]! / 2 ** (8 * (index & 3))) % 256;

export const bounds = (code: Float64Array): Float64Array =>
  code.slice(1).map((value, i) => Math.fround(Math.fround(value + code[i]!) / 2));
/** The nearest code, and how far the value is from the next bound, in shares of it. */
export function nearest(limit: Float64Array, x: number): { code: number; distance: number } {
  let code = 0;
  while (code < limit.length && x > limit[code]!) code++;
  const near = [limit[code - 1], limit[code]].filter((bound) => bound !== undefined);
  return { code, distance: Math.min(...near.map((bound) => Math.abs(x / bound - 1))) };
}

/** Records of tensors of [rows, columns, stride], one after the other in the flat buffer; `ratio` is every second one's rate. */
export function blockRecords(tensors: readonly (readonly [number, number, number])[], ratio: number) {
  let size = 0;
  let blocks = 0;
  const records = tensors.map(([rows, columns, stride], index): TensorRecord => {
    const rate = index % 2 === 1 ? ratio : 1;
    const record = { first: blocks, offset: size, count: rows * columns, columns, stride, rate };
    size += alignUp(rows * stride, 64);
    blocks += blocksOf(record);
    return record;
  });
  return { size, blocks, records };
}

export const SEVERAL = [
  [3, 100, 100],
  [90, 3, 4],
  [1, 256, 256],
  [700, 1, 4],
] as const;
