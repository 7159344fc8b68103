import type { Lowering } from '../op';
import type { ForwardRequest, ProductAlgorithm, TransposedRequest } from './algorithm';
import { mostRows } from './row_windows';
import { tiledForward, tiledTransposed, worthwhile, type TiledKernel } from './tiled';

interface TileSizes {
  readonly rows: number;
  readonly columns: number;
  /** Steps of the contraction in workgroup memory at a time. */
  readonly slice: number;
  /** Vectors of four rows and of four columns of a thread. */
  readonly rows4: number;
  readonly columns4: number;
  /** Half precision in workgroup memory. */
  readonly half?: true;
}

/** Workgroup memory stays below 16 KiB and the threads at 64 to 128. */
const SIZES: readonly TileSizes[] = [
  { rows: 64, columns: 64, slice: 16, rows4: 2, columns4: 1 },
  { rows: 128, columns: 64, slice: 16, rows4: 2, columns4: 2 },
  { rows: 32, columns: 32, slice: 32, rows4: 1, columns4: 1 },
  { rows: 64, columns: 64, slice: 32, rows4: 2, columns4: 1, half: true },
  { rows: 128, columns: 64, slice: 32, rows4: 2, columns4: 2, half: true },
];

const named = ({ rows, columns, half }: TileSizes): string =>
  `${half ? 'tiles f16' : 'tiles'} ${rows}x${columns}`;

/** The first of a kind, in f32 or in half precision. */
const isFirst = (sizes: TileSizes): boolean => SIZES.find(({ half }) => half === sizes.half) === sizes;

function available(
  lowering: Lowering,
  result: { readonly rows: number; readonly columns: number },
  sizes: TileSizes,
): boolean {
  if (sizes.half && !lowering.limits.features?.f16) return false;
  return worthwhile(lowering, result, { ...sizes, first: isFirst(sizes) });
}

function kernel({ rows, columns, slice, rows4, columns4, half }: TileSizes): TiledKernel {
  return {
    kernel: 'matmul_tiles',
    tileRows: rows,
    tileColumns: columns,
    half: half === true,
    constants: {
      TILE_ROWS: rows,
      TILE_COLUMNS: columns,
      SLICE: slice,
      ROWS4: rows4,
      COLUMNS4: columns4,
      ...(half && { HALF: true }),
    },
  };
}

/** Tiles of both factors in workgroup memory, in several sizes: see shaders/matmul_tiles.wgsl. */
export const tilesForward = SIZES.map((sizes): ProductAlgorithm<ForwardRequest> => ({
  name: named(sizes),
  available: (lowering, { y, weight, window }) =>
    available(lowering, { rows: mostRows(lowering, y, window), columns: weight.out }, sizes),
  lower: (lowering, request) => tiledForward(lowering, kernel(sizes), request),
}));

export const tilesTransposed = SIZES.map((sizes): ProductAlgorithm<TransposedRequest> => ({
  name: named(sizes),
  available: (lowering, { dx, weight, window }) =>
    available(lowering, { rows: mostRows(lowering, dx, window), columns: weight.in }, sizes),
  lower: (lowering, request) => tiledTransposed(lowering, kernel(sizes), request),
}));
