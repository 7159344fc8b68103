import type { ShaderConstants } from '../../gpu/shaders';
import {
  read,
  rowElements,
  update,
  write,
  type Binding,
  type Dispatch,
  type Lowering,
  type Tensor,
} from '../op';
import { readPacked } from '../packings/packed';
import type { Weight, WeightPart } from '../weight';
import type { ForwardRequest, TransposedRequest } from './algorithm';
import { rowOperations, storedParts, weightConstants } from './dense_parts';
import { epilogue } from './epilogue';
import { halfRows, LOW_RANK_BALANCE, type HalfRows } from './half_rows';
import { masking } from './masking';
import { rowsIn, windowed, windowOverrides, windowsOf, type RowWindow } from './row_windows';

/** A kernel that makes a product a tile a workgroup, with what is compiled into it. */
export interface TiledKernel {
  /** Its name for the forward product; the transposed one's has `_transposed` after it. */
  readonly kernel: string;
  readonly tileRows: number;
  readonly tileColumns: number;
  /** Its left factor comes from shaders/half_rows.wgsl. */
  readonly half: boolean;
  readonly constants: ShaderConstants;
}

/**
 * Whether a tile size suits a result [rows, columns]: a tile much larger than the result would waste most of its threads.
 * None is fast on an adapter that runs on the CPU; there only the first size of each kind is offered, which tests its kernel.
 */
export function worthwhile(
  { limits }: Lowering,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  tile: { readonly rows: number; readonly columns: number; readonly first: boolean },
): boolean {
  if (limits.software && !tile.first) return false;
  return rows * 8 > tile.rows && columns * 4 >= tile.columns;
}

/** The forward product by shaders/matmul_tiles.wgsl or a kernel with the same bindings. */
export function tiledForward(lowering: Lowering, tiled: TiledKernel, request: ForwardRequest): Dispatch[] {
  const { x, y, weight, window, scratch, dropout, lora } = request;
  const windows = windowsOf(lowering, window, [x, y], mostOperations(weight));
  const halves = tiled.half
    ? halfRows(lowering, { x, dropout, ...(lora && { lowRank: lora.z }) }, windows)
    : undefined;
  return windows.flatMap((one) => [
    ...(halves ? [halves.fill(one)] : []),
    ...storedParts(weight).map((part) => {
      const left = leftFactor(x, one, halves);
      const bindings = [left.binding, read(part.tensor), scratch ? write(y) : windowed(write(y), one)];
      const reader = weightReader(weight, bindings);
      const { constants, overrides } = epilogue({ ...request, lora: undefined }, part, one, bindings);
      const low = lora && lowRankFactor(lora.z, one, rowsOf(lora.B, part), 'B', bindings, halves, lora.scale);
      const masked = masking(halves ? undefined : dropout, bindings, one);
      return {
        kernel: tiled.kernel,
        constants: {
          ...tiled.constants,
          ...reader.constants,
          ...constants,
          ...low?.constants,
          ...masked.constants,
          ...(masked.words && { LEFT_DROPOUT: true }),
        },
        overrides: {
          ...left.overrides,
          ...reader.overrides,
          in4: weight.in / 4,
          out: part.rows,
          y_stride4: rowElements(y.shape) / 4,
          y_column4: part.firstRow / 4,
          ...overrides,
          ...low?.overrides,
          ...windowOverrides(one),
          ...masked.overrides,
        },
        bindings,
        words: masked.words,
        workgroups: groups(lowering, tiled, part.rows, one),
        flops: (rows: number) => rowsIn(rows, one) * rowOperations(weight, part),
      };
    }),
  ]);
}

/** The transposed product by shaders/matmul_tiles_transposed.wgsl or a kernel with the same bindings. */
export function tiledTransposed(
  lowering: Lowering,
  tiled: TiledKernel,
  request: TransposedRequest,
): Dispatch[] {
  const { dy, dx, weight, window, scratch, scale = 1 } = request;
  const windows = windowsOf(lowering, window, [dy, dx], mostOperations(weight));
  const lowRank = request.lora?.dz;
  const halves = tiled.half
    ? halfRows(lowering, { x: dy, scratch, scale, ...(lowRank && { lowRank }) }, windows)
    : undefined;
  return windows.flatMap((one) => [
    ...(halves ? [halves.fill(one)] : []),
    ...storedParts(weight).map((part, index) => {
      // The second and further parts of a split weight add to the first part's result.
      const add = index > 0;
      const { lora, soFar } = add ? {} : request;
      const left = leftFactor(dy, scratch ? undefined : one, halves, part.firstRow / 4);
      const bindings = [left.binding, read(part.tensor), windowed(add ? update(dx) : write(dx), one)];
      const reader = weightReader(weight, bindings);
      const low = lora && lowRankFactor(lora.dz, one, read(lora.A), 'A', bindings, halves);
      const soFarBinding = soFar && bindings.push(windowed(read(soFar), one));
      const masked = masking(lora?.dropout, bindings, one);
      return {
        kernel: `${tiled.kernel}_transposed`,
        constants: {
          ...tiled.constants,
          TRANSPOSED: true,
          ...reader.constants,
          ...low?.constants,
          ...(soFarBinding && { SO_FAR: true, SO_FAR_BINDING: soFarBinding }),
          ...(add && { ADD: true }),
          ...masked.constants,
        },
        overrides: {
          ...left.overrides,
          ...reader.overrides,
          in4: weight.in / 4,
          out: part.rows,
          ...(!halves && { scale }),
          ...low?.overrides,
          ...windowOverrides(one),
          ...masked.overrides,
        },
        bindings,
        words: masked.words,
        workgroups: groups(lowering, tiled, weight.in, one),
        flops: (rows: number) => rowsIn(rows, one) * rowOperations(weight, part),
      };
    }),
  ]);
}

/** Of a row and the largest part: all of them are multiplied with a window before the next one is begun. */
function mostOperations(weight: Weight): number {
  return Math.max(...storedParts(weight).map((part) => rowOperations(weight, part)));
}

interface Piece {
  readonly constants: ShaderConstants;
  readonly overrides: Readonly<Record<string, number>>;
}

function weightReader(weight: Weight, bindings: Binding[]): Piece {
  if (weight.kind === 'dense') return { constants: weightConstants(weight.format, 2), overrides: {} };
  const { constants, overrides } = readPacked(weight, 2, bindings);
  return {
    constants: { ...constants, ...(weight.packing.format === 'nf4' && { NF4_SHARED: true }) },
    overrides,
  };
}

/** The bindings of shaders/lib/left_rows.wgsl, from a column of x on. */
function leftFactor(
  x: Tensor,
  window: RowWindow | undefined,
  halves: HalfRows | undefined,
  column4 = 0,
): { readonly binding: Binding; readonly overrides: Readonly<Record<string, number>> } {
  const overrides = { left_stride4: halves?.stride4 ?? rowElements(x.shape) / 4, left_column4: column4 };
  return { binding: halves ? read(halves.tensor) : windowed(read(x), window), overrides };
}

/** A part's rows of a matrix [out, …]. */
function rowsOf(matrix: Tensor, { firstRow, rows }: WeightPart): Binding {
  const bytes = rowElements(matrix.shape) * 4;
  return { ...read(matrix), offset: firstRow * bytes, size: rows * bytes };
}

/** z or dz, unless it is in the half rows already, and B or A. */
function lowRankFactor(
  z: Tensor,
  window: RowWindow | undefined,
  factor: Binding,
  name: 'A' | 'B',
  bindings: Binding[],
  halves: HalfRows | undefined,
  scale = 1,
): Piece {
  return {
    constants: {
      LORA: true,
      ...(!halves && { LORA_BINDING: bindings.push(windowed(read(z), window)) }),
      [`LORA_${name}_BINDING`]: bindings.push(factor),
    },
    overrides: {
      rank4: rowElements(z.shape) / 4,
      lora_scale: halves ? scale * LOW_RANK_BALANCE : scale,
      ...(halves && { low_rank_column4: halves.lowRankColumn4 }),
    },
  };
}

function groups(
  { limits }: Lowering,
  { tileRows, tileColumns }: TiledKernel,
  columns: number,
  window: RowWindow | undefined,
): (rows: number) => readonly [number, number, number] {
  const x = Math.ceil(columns / tileColumns);
  return (rows) => {
    const y = Math.ceil(rowsIn(rows, window) / tileRows);
    const most = limits.maxComputeWorkgroupsPerDimension;
    if (x > most || y > most) throw new Error(`a product of ${x} by ${y} workgroups exceeds ${most}`);
    return [x, y, 1];
  };
}
