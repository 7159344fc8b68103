import type { ShaderConstants } from '../../gpu/shaders';
import { read, rowElements, update, write, type Binding, type Dispatch, type Lowering } from '../op';
import type { GradientRequest } from './algorithm';
import { CHUNK_ROWS, rowsIn, rowWindows, type RowWindow } from './row_windows';

/** A product that fills its target: the gradient, or with the constant PARTIAL a sum of each chunk of rows. */
export type ChunkProduct = (target: Binding, constants: ShaderConstants, window?: RowWindow) => Dispatch;

/**
 * A gradient in chunks of token rows, which are products of their own and then added up in order: the more threads have
 * something to do, and a sum depends on no window.
 */
export function inChunks(
  lowering: Lowering,
  { dy, x, gradient }: GradientRequest,
  product: ChunkProduct,
): Dispatch[] {
  const [outSize, inSize] = [rowElements(dy.shape), rowElements(x.shape)];
  const chunks = Math.ceil(lowering.capacity / CHUNK_ROWS);
  const alwaysAdd = { ALWAYS_ADD: gradient.further };
  if (chunks === 1) return [product(update(gradient.tensor), alwaysAdd)];
  const partials = lowering.temporary('partial_gradients', { type: 'f32', shape: [chunks, outSize, inSize] });
  const size4 = (outSize * inSize) / 4;
  const windows = rowWindows(lowering, [dy, x], {
    rowOperations: 2 * outSize * inSize,
    alignment: CHUNK_ROWS,
  });
  return [
    ...windows.map((window) => product(write(partials), { PARTIAL: true }, window)),
    {
      kernel: 'sum_partials',
      constants: alwaysAdd,
      overrides: { size4, chunk_rows: CHUNK_ROWS },
      bindings: [read(partials), update(gradient.tensor)],
      workgroups: () => [Math.min(65535, Math.ceil(size4 / 64)), Math.ceil(size4 / 64 / 65535), 1],
    },
  ];
}

/** How many chunks so many token rows fill in the window. Where there are no rows at all, the gradient is still to be set. */
export function chunksIn(rows: number, window: RowWindow | undefined): number {
  const least = window && window.first > 0 ? 0 : 1;
  return Math.max(least, Math.ceil(rowsIn(rows, window) / CHUNK_ROWS));
}
