import { rowElements, type Binding, type Lowering, type Tensor } from '../op';

/** Token rows first … first + count - 1; `first` is a multiple of 64, so that bindings at it are aligned. */
export interface RowWindow {
  readonly first: number;
  readonly count: number;
}

/** Rows that one thread of a gradient adds up; more are split into chunks, for the device has threads to spare. */
export const CHUNK_ROWS = 256;

/**
 * The token rows in windows so small that each of the tensors [rows, …] fits a binding; one that is undefined where they
 * fit as they are.
 */
export function rowWindows(
  { limits, capacity }: Lowering,
  tensors: readonly (Tensor | undefined)[],
): readonly (RowWindow | undefined)[] {
  const widest = tensors.reduce((most, tensor) => Math.max(most, tensor ? rowElements(tensor.shape) : 0), 1);
  const rowBytes = widest * 4;
  if (rowBytes * capacity <= limits.maxStorageBufferBindingSize) return [undefined];
  const fitting = Math.floor(limits.maxStorageBufferBindingSize / rowBytes / CHUNK_ROWS) * CHUNK_ROWS;
  const most = Math.max(fitting, CHUNK_ROWS);
  return Array.from({ length: Math.ceil(capacity / most) }, (_, index) => {
    const first = index * most;
    return { first, count: Math.min(most, capacity - first) };
  });
}

/** The windows of a request: its own, or those that its tensors need. */
export function windowsOf(
  lowering: Lowering,
  window: RowWindow | undefined,
  tensors: readonly (Tensor | undefined)[],
): readonly (RowWindow | undefined)[] {
  return window ? [window] : rowWindows(lowering, tensors);
}

/** The most rows that a run may have in the window, of a tensor whose rows may be fixed. */
export function mostRows({ capacity }: Lowering, { shape }: Tensor, window: RowWindow | undefined): number {
  const [rows] = shape;
  return Math.min(typeof rows === 'number' ? rows : capacity, window?.count ?? capacity);
}

/** The rows that a binding of the tensor from the window's first row on has. */
export function tensorRows({ capacity }: Lowering, { shape }: Tensor, window: RowWindow | undefined): number {
  const [rows] = shape;
  return window?.count ?? (typeof rows === 'number' ? rows : capacity);
}

/** The binding of a [rows, …] tensor from the window's first row on. */
export function windowed(binding: Binding, window: RowWindow | undefined): Binding {
  if (!window) return binding;
  const row = rowElements(binding.tensor.shape) * 4;
  return { ...binding, offset: window.first * row, size: window.count * row };
}

/** The override that kernels with windows have. */
export function windowOverrides(window: RowWindow | undefined): Record<string, number> {
  return window ? { max_rows: window.count } : {};
}

/** How many of so many token rows are in the window. */
export function rowsIn(rows: number, window: RowWindow | undefined): number {
  return window ? Math.min(Math.max(rows - window.first, 0), window.count) : rows;
}
