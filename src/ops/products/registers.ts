import { read, rowElements, update, write, type Binding, type Dispatch, type Lowering } from '../op';
import type { ForwardRequest, GradientRequest, ProductAlgorithm, TransposedRequest } from './algorithm';
import { denseParts, rowOperations, weightConstants, type DensePart } from './dense_parts';
import { epilogue, transposedEpilogue } from './epilogue';
import { chunksIn, firstRowOverride, gradientRows, inChunks } from './gradient_chunks';
import { masking } from './masking';
import { rowsIn, windowed, windowOverrides, windowsOf, type RowWindow } from './row_windows';

/** Token rows of a thread. */
const ROWS_OF_THREAD = 8;
/** Threads of a workgroup. */
const THREADS = 64;

/** A thread keeps 8 rows by 4 columns of the result in registers; nothing is shared. The plain one, to read first. */
export const registersForward: ProductAlgorithm<ForwardRequest> = {
  name: 'registers',
  available: () => true,
  lower(lowering, request) {
    const { x, y, weight, window } = request;
    return denseParts(lowering, weight).flatMap((part) => [
      ...part.unpack,
      ...windowsOf(lowering, window, [x, y], rowOperations(weight, part.part)).map((one) =>
        forward(lowering, request, part, one),
      ),
    ]);
  },
};

function forward(
  lowering: Lowering,
  request: ForwardRequest,
  { part, format }: DensePart,
  window: RowWindow | undefined,
): Dispatch {
  const { x, y, weight, scratch, dropout } = request;
  const bindings: Binding[] = [windowed(read(x), window), read(part.tensor)];
  bindings.push(scratch ? write(y) : windowed(write(y), window));
  const after = epilogue(request, part, window, bindings);
  const masked = masking(dropout, bindings, window);
  const out4 = Math.ceil(part.rows / 4);
  return {
    kernel: 'matmul',
    constants: { ...weightConstants(format, 2), ...after.constants, ...masked.constants },
    overrides: {
      in4: weight.in / 4,
      out: part.rows,
      y_stride4: rowElements(y.shape) / 4,
      y_column4: part.firstRow / 4,
      ...after.overrides,
      ...windowOverrides(window),
      ...masked.overrides,
      ...threads(out4),
    },
    bindings,
    words: masked.words,
    workgroups: groups(lowering, out4, window),
    flops: (rows) => rowsIn(rows, window) * rowOperations(weight, part),
  };
}

export const registersTransposed: ProductAlgorithm<TransposedRequest> = {
  name: 'registers',
  available: () => true,
  lower(lowering, request) {
    const { dy, dx, weight, window } = request;
    return denseParts(lowering, weight).flatMap((part, index) => [
      ...part.unpack,
      ...windowsOf(lowering, window, [dy, dx], rowOperations(weight, part.part)).map((one) =>
        transposed(lowering, request, part, one, index > 0),
      ),
    ]);
  },
};

/** `add`: to what dx holds already, for the second and further parts of a split weight. */
function transposed(
  lowering: Lowering,
  request: TransposedRequest,
  { part, format }: DensePart,
  window: RowWindow | undefined,
  add: boolean,
): Dispatch {
  const { dy, dx, weight, scratch, scale = 1 } = request;
  const bindings: Binding[] = [scratch ? read(dy) : windowed(read(dy), window), read(part.tensor)];
  bindings.push(windowed(add ? update(dx) : write(dx), window));
  const after = transposedEpilogue(request, window, add, bindings);
  return {
    kernel: 'matmul_transposed',
    constants: {
      ...weightConstants(format, 2),
      ...(part.rows % 4 !== 0 && { RAGGED: true }),
      ...after.constants,
    },
    overrides: {
      in4: weight.in / 4,
      out: part.rows,
      dy_stride4: rowElements(dy.shape) / 4,
      dy_column4: part.firstRow / 4,
      scale,
      ...windowOverrides(window),
      ...after.overrides,
      ...threads(weight.in / 4),
    },
    bindings,
    words: after.words,
    workgroups: groups(lowering, weight.in / 4, window),
    flops: (rows) => rowsIn(rows, window) * rowOperations(weight, part),
  };
}

/** 4 by 4 elements a thread, over chunks of the token rows. */
export const registersGradient: ProductAlgorithm<GradientRequest> = {
  name: 'registers',
  available: () => true,
  lower(lowering, request) {
    const { dy, x, part, scratch, scale = 1, dropout } = request;
    const outSize = gradientRows(request);
    const inSize = rowElements(x.shape);
    const shape = threads(inSize / 4);
    return inChunks(lowering, request, (chunk) => {
      const { target, constants, window, words, chunkRows } = chunk;
      const bindings = [scratch ? read(dy) : windowed(read(dy), window), windowed(read(x), window), target];
      const masked = masking(dropout, bindings, window);
      return {
        kernel: 'matmul_gradient',
        constants: { ...constants, ...masked.constants },
        overrides: {
          in4: inSize / 4,
          out: outSize,
          dy_stride4: rowElements(dy.shape) / 4,
          dy_column4: (part?.firstRow ?? 0) / 4,
          scale,
          chunk_rows: chunkRows,
          ...firstRowOverride(chunk),
          ...masked.overrides,
          ...shape,
        },
        bindings,
        words: words ?? masked.words,
        workgroups: (rows) => [
          Math.ceil(inSize / 4 / shape.threads_x),
          Math.ceil(outSize / 4 / shape.threads_y),
          chunksIn(rows, chunk),
        ],
        flops: (rows) => 2 * rowsIn(rows, window) * outSize * inSize,
      };
    });
  },
};

/** A narrow result gets a narrow and tall workgroup, so that few threads idle. */
function threads(columns4: number): { threads_x: number; threads_y: number } {
  const x = columns4 >= 8 ? 8 : columns4 >= 4 ? 4 : columns4 >= 2 ? 2 : 1;
  return { threads_x: x, threads_y: THREADS / x };
}

function groups(
  { limits }: Lowering,
  columns4: number,
  window: RowWindow | undefined,
): (rows: number) => readonly [number, number, number] {
  const { threads_x, threads_y } = threads(columns4);
  const x = Math.ceil(columns4 / threads_x);
  return (rows) => {
    const y = Math.ceil(rowsIn(rows, window) / (ROWS_OF_THREAD * threads_y));
    const most = limits.maxComputeWorkgroupsPerDimension;
    if (x > most || y > most) throw new Error(`a product of ${x} by ${y} workgroups exceeds ${most}`);
    return [x, y, 1];
  };
}
