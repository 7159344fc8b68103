import { alignUp } from '../../core/align';
import type { ShaderConstants } from '../../gpu/shaders';
import { read, rowElements, update, write, type Binding, type Dispatch, type Lowering } from '../op';
import type { GradientRequest } from './algorithm';
import { rowsIn, rowWindows, type RowWindow } from './row_windows';

/** Token rows of a chunk at most. */
const MOST_ROWS = 256;
/**
 * A narrow gradient has few threads, and each adds up one row after the other. A GPU has threads to spare, so it gets more
 * chunks of rows, but none so small that adding up the chunks would cost more.
 */
const CHUNKS = 16;
const LEAST_ROWS = 64;
/**
 * Most bytes for the sums of chunks beyond those that `MOST_ROWS` requires: a larger gradient has enough threads
 * without more chunks.
 */
const PARTIAL_BYTES = 32 * 1024 * 1024;

/** The target of a product: the gradient, or with the constant PARTIAL a sum for each chunk of rows. */
export interface ChunkTarget {
  readonly target: Binding;
  readonly constants: ShaderConstants;
  readonly window?: RowWindow;
  /** With the constant WINDOWED: the window's first row, in place of an override. */
  readonly words?: readonly number[];
  /** Token rows of a chunk. */
  readonly chunkRows: number;
}

/**
 * A gradient in chunks of token rows. Each chunk is a product of its own, and the chunks are added up in order. This
 * occupies more threads, and no sum depends on a window.
 */
export function inChunks(
  lowering: Lowering,
  request: GradientRequest,
  product: (chunk: ChunkTarget) => Dispatch,
): Dispatch[] {
  const { dy, x, gradient, window: own } = request;
  const [outSize, inSize] = [gradientRows(request), rowElements(x.shape)];
  if (own) {
    const constants = { ALWAYS_ADD: gradient.further || own.first > 0, WINDOWED: true };
    const target = update(gradient.tensor);
    return [product({ target, constants, window: own, words: [own.first], chunkRows: own.count })];
  }
  const chunkRows = rowsOfChunk(lowering, outSize * inSize * 4);
  const chunks = Math.ceil(lowering.capacity / chunkRows);
  const alwaysAdd = { ALWAYS_ADD: gradient.further };
  if (chunks === 1) return [product({ target: update(gradient.tensor), constants: alwaysAdd, chunkRows })];
  const partials = lowering.temporary('partial_gradients', { type: 'f32', shape: [chunks, outSize, inSize] });
  const size4 = (outSize * inSize) / 4;
  const windows = rowWindows(lowering, [dy, x], {
    rowOperations: 2 * outSize * inSize,
    alignment: chunkRows,
  });
  return [
    ...windows.map((window) =>
      product({ target: write(partials), constants: { PARTIAL: true }, window, chunkRows }),
    ),
    {
      kernel: 'sum_partials',
      constants: alwaysAdd,
      overrides: { size4, chunk_rows: chunkRows },
      bindings: [read(partials), update(gradient.tensor)],
      workgroups: () => [Math.min(65535, Math.ceil(size4 / 64)), Math.ceil(size4 / 64 / 65535), 1],
    },
  ];
}

/** Rows of the gradient: as many as dy has columns, or its part. */
export function gradientRows({ dy, part }: GradientRequest): number {
  return part?.rows ?? rowElements(dy.shape);
}

/** The override of the first token row, for a window that is not told in words. */
export function firstRowOverride({ window, words }: ChunkTarget): Record<string, number> {
  return window && !words ? { first_row: window.first } : {};
}

function rowsOfChunk({ limits, capacity }: Lowering, bytesOfSum: number): number {
  if (limits.software) return MOST_ROWS;
  const chunks = Math.min(CHUNKS, Math.max(1, Math.floor(PARTIAL_BYTES / bytesOfSum)));
  return Math.min(alignUp(Math.ceil(capacity / chunks), LEAST_ROWS), MOST_ROWS);
}

/** How many chunks so many token rows fill in the window. Where there are no rows at all, the gradient is still to be set. */
export function chunksIn(rows: number, { window, chunkRows }: ChunkTarget): number {
  const least = window && window.first > 0 ? 0 : 1;
  return Math.max(least, Math.ceil(rowsIn(rows, window) / chunkRows));
}
