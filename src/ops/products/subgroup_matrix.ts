import type { Limits, Lowering } from '../op';
import type { ForwardRequest, ProductAlgorithm, TransposedRequest } from './algorithm';
import { mostRows } from './row_windows';
import { tiledForward, tiledTransposed, worthwhile, type TiledKernel } from './tiled';

interface MatrixTileSizes {
  readonly rows: number;
  readonly columns: number;
  /** Steps of the contraction in workgroup memory at a time. */
  readonly slice: number;
  /** Rows and columns that one subgroup makes. */
  readonly regionRows: number;
  readonly regionColumns: number;
}

const SIZES: readonly MatrixTileSizes[] = [
  { rows: 64, columns: 64, slice: 32, regionRows: 32, regionColumns: 32 },
  { rows: 128, columns: 64, slice: 16, regionRows: 64, regionColumns: 32 },
  { rows: 128, columns: 128, slice: 16, regionRows: 64, regionColumns: 32 },
];

/** WebGPU's default limits. */
const MOST_MEMORY = 16384;

const MOST_THREADS = 256;

const named = ({ rows, columns }: MatrixTileSizes): string => `subgroup_matrix ${rows}x${columns}`;

/** The kernel for a device; undefined if it has no such matrices, or none that the tiles are made up of. */
function kernel({ features }: Limits, sizes: MatrixTileSizes): TiledKernel | undefined {
  const { rows, columns, slice, regionRows, regionColumns } = sizes;
  const { f16 = false, subgroups, matrix } = features ?? {};
  if (!f16 || !subgroups || !matrix) return undefined;
  const { M, N, K } = matrix;
  const regions = (rows / regionRows) * (columns / regionColumns);
  const whole =
    regionRows % M === 0 && regionColumns % N === 0 && slice % K === 0 && N % 4 === 0 && K % 4 === 0;
  const shown = regionsShown(sizes, regions, M * N * 4);
  if (!whole || shown === 0 || regions * subgroups.max > MOST_THREADS) return undefined;
  return {
    kernel: 'matmul_subgroup_matrix',
    tileRows: rows,
    tileColumns: columns,
    half: true,
    constants: {
      TILE_ROWS: rows,
      TILE_COLUMNS: columns,
      SLICE: slice,
      REGION_ROWS: regionRows,
      REGION_COLUMNS: regionColumns,
      SHOWN: shown,
      DOWN: regionRows / M,
      ACROSS: regionColumns / N,
      SUBGROUP: subgroups.max,
      M,
      N,
      K,
      HALF: true,
    },
  };
}

/** How many of the regions, each one matrix, fit into workgroup memory beside the tiles and NF4's code. */
function regionsShown({ rows, columns, slice }: MatrixTileSizes, regions: number, bytes: number): number {
  const padded = (size: number): number => (size / 4 + 2) * 8;
  const tiles = rows * padded(slice) + Math.max(columns * padded(slice), slice * padded(columns));
  let shown = regions;
  while (shown >= 1 && tiles + 64 + shown * bytes > MOST_MEMORY) shown = Math.floor(shown / 2);
  return shown;
}

function available(
  lowering: Lowering,
  result: { readonly rows: number; readonly columns: number },
  sizes: MatrixTileSizes,
): boolean {
  if (!kernel(lowering.limits, sizes)) return false;
  return worthwhile(lowering, result, { ...sizes, first: sizes === SIZES[0] });
}

function required(limits: Limits, sizes: MatrixTileSizes): TiledKernel {
  const found = kernel(limits, sizes);
  if (!found) throw new Error(`this device has no ${named(sizes)}`);
  return found;
}

/** The products by subgroup matrices, in several sizes of tiles: see shaders/matmul_subgroup_matrix.wgsl. */
export const subgroupMatrixForward = SIZES.map((sizes): ProductAlgorithm<ForwardRequest> => ({
  name: named(sizes),
  available: (lowering, { y, weight, window }) =>
    available(lowering, { rows: mostRows(lowering, y, window), columns: weight.out }, sizes),
  lower: (lowering, request) => tiledForward(lowering, required(lowering.limits, sizes), request),
}));

export const subgroupMatrixTransposed = SIZES.map((sizes): ProductAlgorithm<TransposedRequest> => ({
  name: named(sizes),
  available: (lowering, { dx, weight, window }) =>
    available(lowering, { rows: mostRows(lowering, dx, window), columns: weight.in }, sizes),
  lower: (lowering, request) => tiledTransposed(lowering, required(lowering.limits, sizes), request),
}));
