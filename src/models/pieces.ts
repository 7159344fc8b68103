import type { FileReader } from './folder';

/** Bytes that are read from a file at once, at most. */
export const PIECE_BYTES = 8 * 2 ** 20;

/** Bytes of pieces that are read and not used up yet, that in use included; one may have more by itself. */
const MOST_HELD = 24 * 2 ** 20;

/** A part of a model's weights on its way to the device. */
export interface Piece {
  /** The tensor that it is of, or begins with. */
  readonly name: string;
  /** Bytes of memory that it takes from the begin of `read` until it is used. */
  readonly bytes: number;
  /** Fetches it; what this resolves to uses what was fetched. */
  readonly read: (spare: SpareBuffers) => Promise<() => Promise<void>>;
}

/** Memory that was read into and can be read into again: else a model's bytes would pile up until they are collected. */
export class SpareBuffers {
  readonly #buffers: ArrayBuffer[] = [];
  #ignored = false;

  /** Undefined where readers have their own. */
  take(): ArrayBuffer | undefined {
    return this.#ignored ? undefined : (this.#buffers.pop() ?? new ArrayBuffer(PIECE_BYTES));
  }

  /** Takes back what was given out, if anything, once the bytes that a reader gave for it are used. */
  give(buffer: ArrayBuffer | undefined, bytes: Uint8Array): void {
    if (!buffer) return;
    if (bytes.buffer === buffer) this.#buffers.push(buffer);
    else {
      this.#ignored = true;
      this.#buffers.length = 0;
    }
  }
}

/** A range of a file and what is to be done with its bytes. At most `PIECE_BYTES` long. */
export interface RangePiece {
  readonly name: string;
  readonly file: FileReader;
  readonly begin: number;
  readonly end: number;
  readonly use: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;
}

/**
 * Uses pieces one after the other, in their order, while the next ones are being read; never more than a few, so that
 * no more of a model is in memory. Throws what reading or using throws, and where the signal stops it.
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
      // Where one fails or all are stopped, nobody waits for those after it.
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

/** Makes pieces of ranges; neighbours that are short enough are read at once. */
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
      // Hundreds of small ones may be held at a time, for which so much memory each would be far too much.
      const buffer = end - begin > PIECE_BYTES / 2 ? spare.take() : undefined;
      const bytes = await file.read(begin, end, buffer);
      return async () => {
        for (const range of group) await range.use(bytes.subarray(range.begin - begin, range.end - begin));
        spare.give(buffer, bytes);
      };
    },
  };
}

async function untilStopped<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  signal?.throwIfAborted();
  if (!signal) return await work;
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error('stopped'));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
