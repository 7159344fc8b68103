/** Threads of a workgroup, which lie x by y: with blocks of 4 by 4 the tiles of lib/attention_tiles fit into 16 KiB. */
const THREADS = 128;
/** Vectors of sums that a thread holds for each of its 4 rows: with more, some devices run out of registers. */
const VECTORS_OF_THREAD = 4;
/** Vectors of the other side's rows that a slice has room for. */
const SLICE_ROOM = 64;
/** Rows of all heads that are shared out so that large devices have work: fewer go to workgroups of half as many rows. */
const MANY_ROWS = 16384;

export interface AttentionTiles {
  /** Rows that a workgroup has of its own. */
  readonly rows: number;
  /** The constants of lib/attention_tiles. */
  readonly constants: Readonly<Record<string, number>>;
}

/**
 * The tile sizes for heads of this many vectors and this many rows in all heads together. A thread computes one sum for
 * each row, or two.
 */
export function attentionTiles(headDim4: number, sums: 1 | 2, rows: number): AttentionTiles {
  let threadsX = rows < MANY_ROWS && headDim4 % 16 === 0 ? 16 : 8;
  while (sums * Math.ceil(headDim4 / threadsX) > VECTORS_OF_THREAD) threadsX *= 2;
  const threadsY = THREADS / threadsX;
  const constants = {
    THREADS_X: threadsX,
    THREADS_Y: threadsY,
    COLUMNS: Math.ceil(headDim4 / threadsX),
    SLICE4: threadsX > 16 ? 4 : 8,
    SLICE_X: 2 ** Math.floor(Math.log2(SLICE_ROOM / headDim4)),
  };
  return { rows: 4 * threadsY, constants };
}

/** Whether there are rows and dimensions enough for tiles: in small ones most threads would have nothing to do. */
export function worthTiles(rows: number, headDim: number): boolean {
  return headDim >= 32 && rows >= 12;
}
