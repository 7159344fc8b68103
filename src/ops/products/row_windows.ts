import { DISPATCH_OPERATIONS, operationsOfDispatch } from '../dispatch_time';
import { rowElements, type Binding, type Limits, type Lowering, type Tensor } from '../op';

/** Token rows first … first + count - 1; `first` is a multiple of 64, so that bindings at it are aligned. */
export interface RowWindow {
  readonly first: number;
  readonly count: number;
}

/** Default of `WindowNeeds.alignment`. */
const ALIGNMENT = 64;

/** Elements of a weight's part at most: more would exceed one dispatch with the fewest rows. */
export const PART_ELEMENTS = DISPATCH_OPERATIONS / (2 * ALIGNMENT);

export interface WindowNeeds {
  /** Floating-point operations of a row. */
  readonly rowOperations?: number;
  /** Windows begin at multiples of this number, which is a multiple of 64. */
  readonly alignment?: number;
}

/**
 * Splits the token rows into windows. In each window, every tensor [rows, …] fits a binding and the operations fit one
 * dispatch. The result is one undefined window if all rows fit.
 */
export function rowWindows(
  { limits, capacity }: Lowering,
  tensors: readonly (Tensor | undefined)[],
  { rowOperations = 0, alignment = ALIGNMENT }: WindowNeeds = {},
): readonly (RowWindow | undefined)[] {
  const widest = tensors.reduce((most, tensor) => Math.max(most, tensor ? rowElements(tensor.shape) : 0), 1);
  const fitting = Math.min(
    Math.floor(limits.maxStorageBufferBindingSize / (widest * 4)),
    rowsOfDispatch(limits, rowOperations),
  );
  return capacity <= fitting ? [undefined] : windowsOfRows(capacity, fitting, alignment);
}

/** Most rows in one dispatch if each takes this many operations. */
export function rowsOfDispatch(limits: Limits, rowOperations: number): number {
  return rowOperations > 0 ? Math.floor(operationsOfDispatch(limits) / rowOperations) : Infinity;
}

/** Divides rows into windows of at most `most` rows, or of `alignment` rows if that is more. */
export function windowsOfRows(rows: number, most: number, alignment = ALIGNMENT): readonly RowWindow[] {
  const mostUnits = Math.max(Math.floor(most / alignment), 1);
  const count = windowUnits(Math.ceil(rows / alignment), mostUnits) * alignment;
  return Array.from({ length: Math.ceil(rows / count) }, (_, index) => {
    const first = index * count;
    return { first, count: Math.min(count, rows - first) };
  });
}

/**
 * The number of units in a window. A shorter last window would need pipelines of its own, so the windows are equal if that
 * takes few more of them and none is too small to keep a device busy.
 */
function windowUnits(units: number, most: number): number {
  const fewest = Math.ceil(units / most);
  for (let windows = fewest; windows < 2 * fewest && units >= 4 * windows; windows++) {
    if (units % windows === 0) return units / windows;
  }
  return Math.ceil(units / fewest);
}

/** The windows of a product's request: its own, or those that its tensors and operations need. */
export function windowsOf(
  lowering: Lowering,
  window: RowWindow | undefined,
  tensors: readonly (Tensor | undefined)[],
  rowOperations: number,
): readonly (RowWindow | undefined)[] {
  return window ? [window] : rowWindows(lowering, tensors, { rowOperations });
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

/** How many of the token rows are in the window. */
export function rowsIn(rows: number, window: RowWindow | undefined): number {
  return window ? Math.min(Math.max(rows - window.first, 0), window.count) : rows;
}
