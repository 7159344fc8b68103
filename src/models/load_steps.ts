import { alignUp } from '../core/align';
import { bytesOf } from '../core/bytes';
import type { Uploads } from '../gpu/uploads';
import { requireFinite } from './finite';
import { PIECE_BYTES, type Piece, type RangePiece } from './pieces';
import type { Rows } from './stored/stored_rows';
import type { StoredTensor, StoredWeight } from './stored/stored_weight';

type Bytes = Uint8Array<ArrayBuffer>;

/** A step of loading a weight: a range of a file, or data that is computed and that reads its own input. */
export type Step = RangePiece | MadePiece;

interface MadePiece extends Piece {
  /** The tensor after which it is made; if absent, it is made last. */
  readonly after: StoredTensor | undefined;
}

/**
 * Copies a range of a tensor's file into a buffer. The steps end where the file's own offset is a multiple of a piece:
 * so neighbours can be joined, and a file with a hash for each piece is read piece by piece.
 *
 * @param check called with each part and its offset in the range; throws if the part is faulty
 */
export function copySteps(
  name: string,
  { file }: StoredTensor,
  { begin, end }: { readonly begin: number; readonly end: number },
  buffer: GPUBuffer,
  uploads: Pick<Uploads, 'write'>,
  check: (bytes: Bytes, offset: number) => void,
): Step[] {
  const steps: Step[] = [];
  for (let from = begin; from < end;) {
    // The next border, or the one after it if the next is less than a word away.
    const border = (Math.floor((from + 3) / PIECE_BYTES) + 1) * PIECE_BYTES;
    const to = Math.min(end, border - ((border - begin) % 4), from + PIECE_BYTES);
    const offset = from - begin;
    const use = async (bytes: Bytes): Promise<void> => {
      check(bytes, offset);
      await uploads.write(buffer, inWords(bytes), offset);
    };
    steps.push({ name, file, begin: from, end: to, use });
    from = to;
  }
  return steps;
}

/** Reads whole rows of a tensor from its file. */
export function rowsStep(
  name: string,
  { file, begin }: StoredTensor,
  rowBytes: number,
  { first, count }: Rows,
  use: (rows: Bytes) => Promise<void>,
): Step {
  return { name, file, begin: begin + first * rowBytes, end: begin + (first + count) * rowBytes, use };
}

/** Dequantises some rows of a weight, [count, input]. */
export function unpackedStep(
  name: string,
  weight: Extract<StoredWeight, { kind: 'requantised' }>,
  { first, count }: Rows,
  input: number,
  use: (rows: Float32Array<ArrayBuffer>) => Promise<void>,
): Step {
  const read = async (): Promise<() => Promise<void>> => {
    const rows = await weight.rows(first, count);
    requireFinite(name, 'f32', bytesOf(rows));
    return async () => await use(rows);
  };
  return { name, bytes: count * input * 4, after: weight.tensor, read };
}

/** Divides rows into runs of at most one piece. */
export function rowRuns(first: number, count: number, rowBytes: number): Rows[] {
  const most = Math.max(1, Math.floor(PIECE_BYTES / rowBytes));
  const runs: Rows[] = [];
  for (let row = 0; row < count; row += most) {
    runs.push({ first: first + row, count: Math.min(most, count - row) });
  }
  return runs;
}

/** Pads bytes with zeros to whole words. */
export function inWords(bytes: Bytes): Bytes {
  if (bytes.length % 4 === 0) return bytes;
  const words = new Uint8Array(alignUp(bytes.length, 4));
  words.set(bytes);
  return words;
}
