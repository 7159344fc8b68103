import { TunesmithError } from '../../core/errors';
import type { ShaderConstants } from '../../gpu/shaders';
import { f32, rowElements, type Dispatch, type Lowering, type Tensor } from '../op';
import { codesOf, unpack } from '../unpack';
import type { DenseFormat, DenseWeight, Weight, WeightPart } from '../weight';

/** A part of a weight's rows in float32 or as the checkpoint has it, with what is to be dispatched first. */
export interface DensePart {
  readonly part: WeightPart;
  readonly format: DenseFormat;
  readonly unpack: readonly Dispatch[];
}

/** Most bytes of an unpacked part of a weight. */
const SCRATCH_BYTES = 64 * 1024 * 1024;

/**
 * The weight in dense parts of its rows. A packed one is unpacked to float32 scratch just before its use: 2 · rows
 * operations an element then pay for unpacking it once.
 */
export function denseParts(lowering: Lowering, weight: Weight): DensePart[] {
  if (weight.kind === 'dense') {
    return weight.parts.map((part) => ({ part, format: weight.format, unpack: [] }));
  }
  const bytes = Math.min(SCRATCH_BYTES, lowering.limits.maxStorageBufferBindingSize);
  const most = Math.max(64, Math.floor(bytes / (weight.in * 4) / 64) * 64);
  const parts: DensePart[] = [];
  for (let firstRow = 0; firstRow < weight.out; firstRow += most) {
    const rows = Math.min(most, weight.out - firstRow);
    const tensor = lowering.temporary(`${weight.name}.unpacked`, f32(rows, weight.in));
    parts.push({
      part: { firstRow, rows, tensor },
      format: 'f32',
      unpack: [unpack(lowering, { weight, firstRow, rows, target: tensor })],
    });
  }
  return parts;
}

/** The weight's parts as they are stored; a packed one has one, for kernels that unpack on the way. */
export function storedParts(weight: Weight): readonly WeightPart[] {
  if (weight.kind === 'dense') return weight.parts;
  return [{ firstRow: 0, rows: weight.out, tensor: codesOf(weight) }];
}

/** Floating-point operations that a part of a weight costs a row. */
export function rowOperations(weight: Weight, { rows }: WeightPart): number {
  return 2 * rows * weight.in;
}

/** A float32 tensor [out, in] as a weight of one part. */
export function wholeWeight(tensor: Tensor): DenseWeight {
  const rows = tensor.shape[0];
  if (typeof rows !== 'number') throw new Error(`${tensor.name} has no fixed shape`);
  const { name } = tensor;
  return {
    kind: 'dense',
    name,
    format: 'f32',
    out: rows,
    in: rowElements(tensor.shape),
    parts: [{ firstRow: 0, rows, tensor }],
  };
}

/** The constants that shaders/lib/dense_weight.wgsl wants. */
export function weightConstants(format: DenseFormat, binding: number): ShaderConstants {
  return { WEIGHT_BINDING: binding, [`WEIGHT_${format.toUpperCase()}`]: true };
}

/** Throws `size_not_multiple_of_4` if a size can't be read as vectors of four. */
export function checkVectors(size: number, side: 'input' | 'output'): void {
  if (size % 4 === 0) return;
  throw new TunesmithError({ code: 'size_not_multiple_of_4', values: { side, size } });
}
