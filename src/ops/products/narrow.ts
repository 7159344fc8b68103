import { read, rowElements, write, type Binding, type Dispatch, type Lowering, type Tensor } from '../op';
import type { DenseWeight, Weight } from '../weight';
import type { Dropout, ForwardRequest, ProductAlgorithm, TransposedRequest } from './algorithm';
import { rowOperations, weightConstants } from './dense_parts';
import { masking } from './masking';
import { mostRows, rowsIn, windowed, windowOverrides, windowsOf, type RowWindow } from './row_windows';

/** Rows of a workgroup. */
const ROWS = 8;
/** Threads of a sum. */
const LANES = 32;
/** The same on an adapter that runs on the CPU, where more take seconds to compile. */
const SOFTWARE_LANES = 8;
/** Vectors of columns of a workgroup: the sums then take as much workgroup memory as WebGPU has by default. */
const MOST_GROUPS = 4;
/** Of the result. More of them make tiles enough, which read each element fewer times. */
const MOST_COLUMNS = 64;

/** For the low-rank products beside a weight's: see shaders/matmul_narrow.wgsl. */
export const narrowForward: ProductAlgorithm<ForwardRequest> = {
  name: 'narrow',
  available: (lowering, { y, weight, window, scratch, bias, lora, residual }) =>
    isNarrow(weight, weight.out) &&
    mostRows(lowering, y, window) > 1 &&
    !(scratch || bias || lora || residual),
  lower(lowering, { x, y, weight, window, dropout }) {
    return narrow(lowering, { left: x, weight, result: y, dropout }, window);
  },
};

export const narrowTransposed: ProductAlgorithm<TransposedRequest> = {
  name: 'narrow',
  available: (lowering, { dx, weight, window, scratch, lora, soFar }) =>
    isNarrow(weight, weight.in) && mostRows(lowering, dx, window) > 1 && !(scratch || lora || soFar),
  lower(lowering, { dy, dx, weight, window, scale }) {
    return narrow(lowering, { left: dy, weight, result: dx, scale, transposed: true }, window);
  },
};

function isNarrow(weight: Weight, columns: number): weight is DenseWeight {
  return weight.kind === 'dense' && weight.parts.length === 1 && columns % 4 === 0 && columns <= MOST_COLUMNS;
}

interface Narrow {
  readonly left: Tensor;
  readonly weight: Weight;
  readonly result: Tensor;
  readonly transposed?: true;
  readonly scale?: number;
  readonly dropout?: Dropout;
}

function narrow(lowering: Lowering, product: Narrow, window: RowWindow | undefined): Dispatch[] {
  const { left, weight, result, transposed, scale = 1, dropout } = product;
  const [part] = weight.kind === 'dense' ? weight.parts : [];
  if (weight.kind !== 'dense' || !part) throw new Error(`${weight.name} is not dense`);
  const columns4 = rowElements(result.shape) / 4;
  const groups = Math.min(columns4, MOST_GROUPS);
  const operations = rowOperations(weight, part);
  return windowsOf(lowering, window, [left, result], operations).map((one) => {
    const bindings: Binding[] = [windowed(read(left), one), read(part.tensor), windowed(write(result), one)];
    const masked = masking(dropout, bindings, one);
    return {
      kernel: 'matmul_narrow',
      constants: {
        ...weightConstants(weight.format, 2),
        LANES: lowering.limits.software ? SOFTWARE_LANES : LANES,
        GROUPS: groups,
        ...(transposed && { TRANSPOSED: true }),
        ...masked.constants,
      },
      overrides: {
        columns4,
        contraction: transposed ? weight.out : weight.in,
        scale,
        ...windowOverrides(one),
        ...masked.overrides,
      },
      bindings,
      words: masked.words,
      workgroups: (rows) => [Math.ceil(columns4 / groups), Math.ceil(rowsIn(rows, one) / ROWS), 1],
      flops: (rows) => rowsIn(rows, one) * operations,
    };
  });
}
