import { TunesmithError } from '../core/errors';
import { alignUp } from '../core/align';
import type { Limits } from './op';

/** A tensor of the flat buffer as an optimiser's kernel sees it (shaders/lib/tensor_table.wgsl). */
export interface TensorRecord {
  /** Where its state begins, in the unit of the kernel; ascending from record to record. */
  readonly first: number;
  /** f32 elements from the flat buffer's start; a multiple of 64. */
  readonly offset: number;
  /** Elements that are updated. */
  readonly count: number;
  /** Elements of a row, and from one row to the next in the flat buffer. */
  readonly columns: number;
  readonly stride: number;
  /** Its learning rate over `run.learning_rate`. */
  readonly rate: number;
  /** A factor of its own that the kernel says the use of. */
  readonly scale?: number;
  /** Its weight decay over `run.weight_decay`; 1 unless given. */
  readonly decay?: number;
}

const RECORD_WORDS = 8;

/** The words of the table: what a kernel looks up besides, then the records. */
export function tensorTable(
  records: readonly TensorRecord[],
  before: Float32Array<ArrayBuffer> = new Float32Array(),
): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(before.length + records.length * RECORD_WORDS);
  const floats = new Float32Array(words.buffer);
  floats.set(before);
  for (const [
    index,
    { first, offset, count, columns, stride, rate, scale = 0, decay = 1 },
  ] of records.entries()) {
    const at = before.length + index * RECORD_WORDS;
    words.set([first, offset, count, columns, stride], at);
    floats[at + 5] = rate;
    floats[at + 6] = scale;
    floats[at + 7] = decay;
  }
  return words;
}

/** Records whose parameters, and whose state, fit one binding each. */
export interface RecordRange {
  readonly firstRecord: number;
  readonly records: readonly TensorRecord[];
  /** f32 elements of the flat buffer. */
  readonly begin: number;
  readonly end: number;
}

/**
 * Divides the records into as few ranges as the device's bindings allow.
 *
 * @throws TunesmithError `adapter_exceeds_binding` if one tensor alone is too large
 */
export function recordRanges(
  records: readonly TensorRecord[],
  { maxStorageBufferBindingSize }: Limits,
): readonly RecordRange[] {
  const ranges: { firstRecord: number; records: TensorRecord[]; begin: number; end: number }[] = [];
  for (const [index, record] of records.entries()) {
    const end = alignUp(record.offset + extentOf(record), 64);
    if ((end - record.offset) * 4 > maxStorageBufferBindingSize) {
      throw new TunesmithError({
        code: 'adapter_exceeds_binding',
        values: { bytes: (end - record.offset) * 4, most: maxStorageBufferBindingSize },
      });
    }
    const range = ranges.at(-1);
    if (range && (end - range.begin) * 4 <= maxStorageBufferBindingSize) {
      range.records.push(record);
      range.end = end;
    } else {
      ranges.push({ firstRecord: index, records: [record], begin: record.offset, end });
    }
  }
  return ranges;
}

/** Elements of the flat buffer from a tensor's first element to the one after its last. */
function extentOf({ count, columns, stride }: TensorRecord): number {
  const rows = Math.ceil(count / columns);
  return (rows - 1) * stride + (count - (rows - 1) * columns);
}
