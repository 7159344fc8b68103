import { untilStopped } from '../core/until_stopped';
import type { FileReader } from './folder';

/** Most bytes to read from a file at once. */
export const PIECE_BYTES = 8 * 2 ** 20;

/** Most bytes of pieces in memory, including the one in use; a single piece may exceed it. */
const MOST_HELD = 24 * 2 ** 20;

/** A part of a model's weights on its way to the device. */
export interface Piece {
  /** The tensor to which it belongs, or the first one of several. */
  readonly name: string;
  /** Bytes of memory that it takes from the call of `read` until it is used. */
  readonly bytes: number;
  /** Reads the piece, and resolves to a function that uses it. */
  readonly read: (spare: SpareBuffers) => Promise<() => Promise<void>>;
}

/** Buffers for reading that can be reused: without reuse, a model's bytes would pile up until garbage collection. */
export class SpareBuffers {
  readonly #buffers: ArrayBuffer[] = [];
  #ignored = false;

  /** A buffer to read into; undefined if readers ignore it and return their own. */
  take(): ArrayBuffer | undefined {
    return this.#ignored ? undefined : (this.#buffers.pop() ?? new ArrayBuffer(PIECE_BYTES));
  }

  /** Takes back a buffer from `take`, once the bytes that a reader returned for it have been used. */
  give(buffer: ArrayBuffer | undefined, bytes: Uint8Array): void {
    if (!buffer) return;
    if (bytes.buffer === buffer) this.#buffers.push(buffer);
    else {
      this.#ignored = true;
      this.#buffers.length = 0;
    }
  }
}

/** A range of a file and the use of its bytes. At most `PIECE_BYTES` long. */
export interface RangePiece {
  readonly name: string;
  readonly file: FileReader;
  readonly begin: number;
  readonly end: number;
  readonly use: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;
}

/**
 * Uses pieces in order while it reads the next ones, but only a few, so that little of a model is in memory. Throws the
 * errors of reading and using, and the signal's reason.
 *
 * @param onPiece called before each piece is used, with its number
 */
export async function usePieces(
  pieces: readonly Piece[],
  onPiece: (index: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const spare = new SpareBuffers();
  const ahead: Promise<() => Promise<void>>[] = [];
  let held = 0;
  let next = 0;
  for (let index = 0; index < pieces.length; index++) {
    for (let piece = pieces[next]; piece; piece = pieces[next]) {
      if (ahead.length > 0 && held + piece.bytes > MOST_HELD) break;
      const read = piece.read(spare);
      // After a failure or a stop nobody awaits the later pieces; this avoids unhandled rejections.
      read.catch(() => undefined);
      ahead.push(read);
      held += piece.bytes;
      next++;
    }
    const first = ahead.shift();
    if (!first) throw new Error('no piece is being read');
    const use = await untilStopped(first, signal);
    onPiece(index);
    await use();
    held -= pieces[index]?.bytes ?? 0;
  }
}

/** Makes pieces of ranges. Neighbouring ranges that are short enough become one piece. */
export function joinRanges(parts: readonly (RangePiece | Piece)[]): Piece[] {
  const pieces: Piece[] = [];
  let group: [RangePiece, ...RangePiece[]] | undefined;
  const close = (): void => {
    if (group) pieces.push(pieceOf(group));
    group = undefined;
  };
  for (const part of parts) {
    if (!('file' in part)) {
      close();
      pieces.push(part);
      continue;
    }
    const [first] = group ?? [];
    const follows = group?.at(-1)?.end === part.begin && first?.file === part.file;
    if (group && first && follows && part.end - first.begin <= PIECE_BYTES) group.push(part);
    else {
      close();
      group = [part];
    }
  }
  close();
  return pieces;
}

function pieceOf(group: readonly [RangePiece, ...RangePiece[]]): Piece {
  const [{ name, file, begin }] = group;
  const end = group.reduce((_, range) => range.end, begin);
  return {
    name,
    bytes: end - begin,
    read: async (spare) => {
      // Hundreds of small pieces may be in memory at a time, too many for a whole buffer each.
      const buffer = end - begin > PIECE_BYTES / 2 ? spare.take() : undefined;
      const bytes = await file.read(begin, end, buffer);
      return async () => {
        for (const range of group) await range.use(bytes.subarray(range.begin - begin, range.end - begin));
        spare.give(buffer, bytes);
      };
    },
  };
}
