import { read, rowElements, update, write, type Binding, type Dispatch, type Lowering } from '../op';
import type { ForwardRequest, GradientRequest, ProductAlgorithm, TransposedRequest } from './algorithm';
import { denseParts, rowOperations, weightConstants, type DensePart } from './dense_parts';
import { epilogue, transposedEpilogue } from './epilogue';
import { chunksIn, firstRowOverride, gradientRows, inChunks } from './gradient_chunks';
import { masking } from './masking';
import {
  mostRows,
  rowsIn,
  tensorRows,
  windowed,
  windowOverrides,
  windowsOf,
  type RowWindow,
} from './row_windows';

/** 16 rows by 4 columns a thread; the four threads of a quad read the rows for one another. */
export const quadsForward: ProductAlgorithm<ForwardRequest> = {
  name: 'quads',
  available: (lowering, { y, window }) => hasQuads(lowering) && mostRows(lowering, y, window) > 1,
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
  const { x, y, weight, lora, scratch, dropout } = request;
  const bindings: Binding[] = [windowed(read(x), window), read(part.tensor)];
  bindings.push(scratch ? write(y) : windowed(write(y), window));
  const after = epilogue(request, part, window, bindings);
  const masked = masking(dropout, bindings, window);
  const { constants, threads, workgroups } = blocks(
    lowering,
    Math.ceil(part.rows / 4),
    mostRows(lowering, y, window),
    window,
  );
  return {
    kernel: 'matmul_quads',
    constants: {
      ...weightConstants(format, 2),
      ...constants,
      IN4: weight.in / 4,
      WEIGHT_ROWS: part.rows,
      X_ROWS: tensorRows(lowering, x, window),
      ...(lora && { RANK4: rowElements(lora.B.shape) / 4 }),
      ...after.constants,
      ...masked.constants,
    },
    overrides: {
      y_stride4: rowElements(y.shape) / 4,
      y_column4: part.firstRow / 4,
      threads,
      ...after.overrides,
      ...windowOverrides(window),
      ...masked.overrides,
    },
    bindings,
    words: masked.words,
    workgroups,
    flops: (rows) => rowsIn(rows, window) * rowOperations(weight, part),
  };
}

export const quadsTransposed: ProductAlgorithm<TransposedRequest> = {
  name: 'quads',
  available: (lowering, { dx, window }) => hasQuads(lowering) && mostRows(lowering, dx, window) > 1,
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
  const lora = add ? undefined : request.lora;
  const bindings: Binding[] = [scratch ? read(dy) : windowed(read(dy), window), read(part.tensor)];
  bindings.push(windowed(add ? update(dx) : write(dx), window));
  const blocked = blocks(lowering, weight.in / 4, mostRows(lowering, dx, window), window);
  const after = transposedEpilogue(request, window, add, bindings);
  return {
    kernel: 'matmul_transposed_quads',
    constants: {
      ...weightConstants(format, 2),
      ...blocked.constants,
      IN4: weight.in / 4,
      WEIGHT_ROWS: part.rows,
      ...(part.rows % 4 !== 0 && { RAGGED: true }),
      DY_STRIDE4: rowElements(dy.shape) / 4,
      DY_ROWS: tensorRows(lowering, dy, scratch ? undefined : window),
      ...(lora && { RANK4: rowElements(lora.dz.shape) / 4, DX_ROWS: tensorRows(lowering, dx, window) }),
      ...after.constants,
    },
    overrides: {
      dy_column4: part.firstRow / 4,
      scale,
      threads: blocked.threads,
      ...windowOverrides(window),
      ...after.overrides,
    },
    bindings,
    words: after.words,
    workgroups: blocked.workgroups,
    flops: (rows) => rowsIn(rows, window) * rowOperations(weight, part),
  };
}

/** 16 by 4 elements a thread, over chunks of the token rows. */
export const quadsGradient: ProductAlgorithm<GradientRequest> = {
  name: 'quads',
  available: hasQuads,
  lower(lowering, request) {
    const { dy, x, part, scratch, scale = 1, dropout } = request;
    const out = gradientRows(request);
    const [out4, in4] = [Math.ceil(out / 4), rowElements(x.shape) / 4];
    const [wider, narrower] = out4 > in4 ? [out4, in4] : [in4, out4];
    const threads = threadsFor(lowering, wider);
    return inChunks(lowering, request, (chunk) => {
      const { target, constants, window, words, chunkRows } = chunk;
      const bindings = [scratch ? read(dy) : windowed(read(dy), window), windowed(read(x), window), target];
      const masked = masking(dropout, bindings, window);
      return {
        kernel: 'matmul_gradient_quads',
        constants: {
          ...constants,
          OWN_DY: out4 > in4,
          OUT: out,
          DY_STRIDE4: rowElements(dy.shape) / 4,
          IN4: in4,
          ROWS: tensorRows(lowering, x, window),
          ...masked.constants,
        },
        overrides: {
          scale,
          chunk_rows: chunkRows,
          threads,
          dy_column4: (part?.firstRow ?? 0) / 4,
          ...firstRowOverride(chunk),
          ...masked.overrides,
        },
        bindings,
        words: words ?? masked.words,
        workgroups: (rows) => [Math.ceil(wider / threads), Math.ceil(narrower / 4), chunksIn(rows, chunk)],
        flops: (rows) => 2 * rowsIn(rows, window) * 16 * out4 * in4,
      };
    });
  },
};

function hasQuads({ limits: { features } }: Lowering): boolean {
  return (features?.subgroups?.min ?? 0) >= 4;
}

/** How a result of so many columns (in fours) and at most so many rows is divided among workgroups. */
function blocks(
  lowering: Lowering,
  columns4: number,
  most: number,
  window: RowWindow | undefined,
): Required<Pick<Dispatch, 'constants' | 'workgroups'>> & { readonly threads: number } {
  const quads = Math.min(4, Math.ceil(most / 4));
  const threads = threadsFor(lowering, columns4);
  const x = Math.ceil(columns4 / threads);
  return {
    constants: { QUADS: quads },
    threads,
    workgroups: (rows) => {
      const y = Math.ceil(rowsIn(rows, window) / (4 * quads));
      const limit = lowering.limits.maxComputeWorkgroupsPerDimension;
      if (x > limit || y > limit) throw new Error(`a product of ${x} by ${y} workgroups exceeds ${limit}`);
      return [x, y, 1];
    },
  };
}

/** Narrow results get small workgroups, so that few threads idle; software adapters do as well with small ones. */
function threadsFor({ limits }: Lowering, columns4: number): number {
  return Math.min(limits.software ? 16 : 64, 2 ** Math.ceil(Math.log2(Math.max(columns4, 4))));
}
