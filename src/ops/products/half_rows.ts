import { read, rowElements, spread, u32, write, type Dispatch, type Lowering, type Tensor } from '../op';
import type { Dropout } from './algorithm';
import { masking } from './masking';
import { mostRows, rowsIn, windowed, windowOverrides, type RowWindow } from './row_windows';

/**
 * Divides z or dz beside x or dy, and multiplies B or A: at first these are small, and half precision is coarse there.
 */
export const LOW_RANK_BALANCE = 256;

const THREADS = 64;
/** Threads on an adapter that runs on the CPU. */
const SOFTWARE_THREADS = 16;

export interface HalfRowsRequest {
  /** f32 [rows, …]: x or dy. */
  readonly x: Tensor;
  /** x holds the window's rows only. */
  readonly scratch?: boolean;
  readonly scale?: number;
  /** z or dz, f32 [rows, rank]. */
  readonly lowRank?: Tensor;
  /** Masks x. */
  readonly dropout?: Dropout;
}

/** Rows in half precision as shaders/half_rows.wgsl makes them, and the places in them in vectors of four. */
export interface HalfRows {
  readonly tensor: Tensor;
  readonly stride4: number;
  readonly lowRankColumn4: number;
  /** Fills it for a window's rows, from its own first row on. */
  fill(window: RowWindow | undefined): Dispatch;
}

/** `windows` are those that it is to be filled for, one after the other. */
export function halfRows(
  lowering: Lowering,
  { x, scratch, scale = 1, lowRank, dropout }: HalfRowsRequest,
  windows: readonly (RowWindow | undefined)[],
): HalfRows {
  const in4 = rowElements(x.shape) / 4;
  const rank4 = lowRank ? rowElements(lowRank.shape) / 4 : 0;
  const stride4 = in4 + rank4 + 1;
  const rows = Math.max(...windows.map((window) => mostRows(lowering, x, window)));
  const tensor = lowering.temporary(`${x.name}.halves`, u32(rows, stride4 * 2));
  return {
    tensor,
    stride4,
    lowRankColumn4: in4,
    fill(window) {
      const bindings = [scratch ? read(x) : windowed(read(x), window), write(tensor)];
      const lora = lowRank && { LORA: true, LORA_BINDING: bindings.push(windowed(read(lowRank), window)) };
      const masked = masking(dropout, bindings, window);
      const { maxComputeWorkgroupsPerDimension: most, software } = lowering.limits;
      return {
        kernel: 'half_rows',
        constants: { ...lora, ...masked.constants },
        overrides: {
          in4,
          x_stride4: in4,
          rank4,
          scale,
          low_rank_scale: 1 / LOW_RANK_BALANCE,
          threads: software ? SOFTWARE_THREADS : THREADS,
          ...windowOverrides(window),
          ...masked.overrides,
        },
        bindings,
        words: masked.words,
        workgroups: (inUse) => spread(rowsIn(inUse, window), most),
      };
    },
  };
}
