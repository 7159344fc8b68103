import { read, rowElements, write, type Binding, type Dispatch, type Lowering } from '../op';
import type { PackedReader } from '../packings/format';
import { readPacked } from '../packings/packed';
import type { Weight, WeightPart } from '../weight';
import type { ForwardRequest, ProductAlgorithm } from './algorithm';
import { rowOperations, storedParts, weightConstants } from './dense_parts';
import { epilogue } from './epilogue';
import { masking } from './masking';
import { mostRows, windowed, windowOverrides } from './row_windows';

/** Threads of a workgroup: few, so that a narrow product still fills the device. */
const THREADS = 16;

/** For decoding: one row by 4 columns a thread. A packed weight is read as it is, for it is used once. */
export const rowForward: ProductAlgorithm<ForwardRequest> = {
  name: 'row',
  available: (lowering, { y, window }) => mostRows(lowering, y, window) === 1,
  lower(lowering, request) {
    return storedParts(request.weight).map((part) => row(lowering, request, part));
  },
};

/**
 * For decoding on a GPU: see shaders/matmul_row.wgsl. Not for packings whose words run down the columns: the
 * threads of `row` read words side by side.
 */
export const rowLanes: ProductAlgorithm<ForwardRequest> = {
  name: 'row lanes',
  available: (lowering, { y, window, weight, dropout }) =>
    mostRows(lowering, y, window) === 1 &&
    dropout === undefined &&
    (weight.kind === 'dense' || (weight.in % 8 === 0 && !['gptq', 'awq'].includes(weight.packing.format))),
  lower(lowering, request) {
    return storedParts(request.weight).map((part) => lanes(lowering, request, part));
  },
};

/** Vectors of columns of a workgroup of `lanes`. */
const COLUMNS_OF_LANES = 2;

function lanes(lowering: Lowering, request: ForwardRequest, part: WeightPart): Dispatch {
  const { x, y, weight, window, scratch } = request;
  const bindings: Binding[] = [windowed(read(x), window), read(part.tensor)];
  bindings.push(scratch ? write(y) : windowed(write(y), window));
  const reader = readerOf(weight, bindings);
  const after = epilogue(request, part, window, bindings);
  const groups = groupsOf(lowering, Math.ceil(part.rows / 4), COLUMNS_OF_LANES);
  return {
    kernel: 'matmul_row',
    constants: { ...reader.constants, ...after.constants, ...(isNf4(weight) && { NF4_SHARED: true }) },
    overrides: {
      ...reader.overrides,
      in4: weight.in / 4,
      out: part.rows,
      y_column4: part.firstRow / 4,
      ...after.overrides,
    },
    bindings,
    workgroups: (rows) => [groups, Math.min(rows, 1), 1],
    flops: () => rowOperations(weight, part),
  };
}

function isNf4(weight: Weight): boolean {
  return weight.kind === 'packed' && weight.packing.format === 'nf4';
}

function readerOf(weight: Weight, bindings: Binding[]): PackedReader {
  return weight.kind === 'dense'
    ? { constants: weightConstants(weight.format, 2), overrides: {} }
    : readPacked(weight, 2, bindings);
}

function groupsOf({ limits }: Lowering, columns4: number, ofGroup: number): number {
  const groups = Math.ceil(columns4 / ofGroup);
  if (groups > limits.maxComputeWorkgroupsPerDimension) {
    throw new Error(`a product of ${groups} workgroups exceeds ${limits.maxComputeWorkgroupsPerDimension}`);
  }
  return groups;
}

function row(lowering: Lowering, request: ForwardRequest, part: WeightPart): Dispatch {
  const { x, y, weight, window, scratch, dropout } = request;
  const bindings: Binding[] = [windowed(read(x), window), read(part.tensor)];
  bindings.push(scratch ? write(y) : windowed(write(y), window));
  const reader = readerOf(weight, bindings);
  const after = epilogue(request, part, window, bindings);
  const masked = masking(dropout, bindings, window);
  const groups = groupsOf(lowering, Math.ceil(part.rows / 4), THREADS);
  return {
    kernel: 'matmul',
    constants: { ...reader.constants, ONE_ROW: true, ...after.constants, ...masked.constants },
    overrides: {
      ...reader.overrides,
      in4: weight.in / 4,
      out: part.rows,
      y_stride4: rowElements(y.shape) / 4,
      y_column4: part.firstRow / 4,
      ...after.overrides,
      ...windowOverrides(window),
      ...masked.overrides,
      threads_x: THREADS,
      threads_y: 1,
    },
    bindings,
    words: masked.words,
    workgroups: (rows) => [groups, Math.min(rows, 1), 1],
    flops: () => rowOperations(weight, part),
  };
}
