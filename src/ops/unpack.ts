import {
  elements,
  f32,
  read,
  spread,
  write,
  type Binding,
  type Builder,
  type Dispatch,
  type Lowering,
  defineOp,
} from './op';
import type { Tensor, Tensors } from './op';
import { readPacked } from './packings/packed';
import { weightTensors, type PackedWeight } from './weight';

export interface UnpackRequest {
  readonly weight: PackedWeight;
  /** Rows firstRow … firstRow + rows - 1 of the weight; firstRow is a multiple of 64. */
  readonly firstRow: number;
  readonly rows: number;
  /** f32 [rows, in] */
  readonly target: Tensor;
}

/** target = the weight's rows in float32. */
export function unpack({ limits }: Lowering, { weight, firstRow, rows, target }: UnpackRequest): Dispatch {
  const codes = codesOf(weight);
  const bindings: Binding[] = [read(codes), write(target)];
  const { constants, overrides } = readPacked(weight, 1, bindings);
  const words = (rows * weight.in) / 8;
  // NF4 has a kernel of its own, which looks up one scale for eight codes. It can’t begin within a word.
  const nf4 = weight.packing.format === 'nf4' && {
    NF4_WORDS: elements(codes.shape, 1),
    NF4_SCALE_WORDS: elements(weight.tensors['scales']?.shape ?? [], 1),
    Y_WORDS: words,
  };
  const threads = nf4 ? 256 : 64;
  return {
    kernel: nf4 ? 'unpack_nf4' : 'unpack',
    constants: { ...constants, ...nf4 },
    overrides: { ...overrides, first8: (firstRow * weight.in) / 8 },
    bindings,
    workgroups: () => spread(Math.ceil(words / threads), limits.maxComputeWorkgroupsPerDimension),
    flops: () => rows * weight.in * 4,
  };
}

/** The first of the two buffers that a packed weight may have. */
export function codesOf({ name, tensors }: PackedWeight): Tensor {
  const { codes } = tensors;
  if (!codes) throw new Error(`${name} has no codes`);
  return codes;
}

/** A run of a weight's rows; `first` is a multiple of 64. */
export interface RowRun {
  readonly first: number;
  readonly count: number;
}

const unpackOp = defineOp<Tensors, { y: Tensor }, { readonly weight: PackedWeight; readonly rows: RowRun }>({
  name: 'unpack',
  lower({ outputs: { y }, attributes: { weight, rows } }, lowering) {
    return [unpack(lowering, { weight, firstRow: rows.first, rows: rows.count, target: y })];
  },
});

/** Rows of the weight, all unless told, in float32 [rows, in]. Not differentiated: a packed weight is frozen. */
export function unpacked(
  builder: Builder,
  weight: PackedWeight,
  rows: RowRun = { first: 0, count: weight.out },
): Tensor {
  return builder.apply(unpackOp, weightTensors(weight), { y: f32(rows.count, weight.in) }, { weight, rows })
    .y;
}
