import { isFloatDtype } from '../../core/dtype';
import { elementCount } from '../../core/shape';
import { ggmlEncoded, isGgmlPacked } from '../../formats/ggml/types';
import type { Checkpoint } from '../../models/files';
import { checkpointTensors, type ModelSpec, type TensorSpec } from '../../models/spec';
import { readWeightRows } from '../../models/stored/stored_rows';
import type { StoredWeight } from '../../models/stored/stored_weight';
import { ggmlTypeOf } from '../../ops/packings/ggml';
import { floatRounding, ggmlRounding, type Rounding } from './rounding';

/** A tensor of an export's files, for reading it back. */
export interface WrittenTensor {
  /** Its name in the files, for messages. */
  readonly name: string;
  /** The tensor of the base that it stands for. */
  readonly from: TensorSpec;
  readonly rounding: Rounding;
  /** Added to the stored values of a vector by the program that runs the files: 1 for a norm that computes x ⊙ (1 + w). */
  readonly add?: 1;
  /**
   * Some rows in float32, in the order of the base's rows: [count, in] of a matrix; elements of a vector, which is read
   * at once.
   */
  readonly rows: (first: number, count: number) => Promise<Float32Array<ArrayBuffer>>;
}

/** The tensors of a checkpoint that was written from a base. @param base its spec */
export function checkpointWritten(base: ModelSpec, { spec, stored }: Checkpoint): readonly WrittenTensor[] {
  const from = checkpointTensors(base);
  // Both list the same tensors in the same order; only the paths may differ.
  return checkpointTensors(spec).map(({ name, shape, add }, index): WrittenTensor => {
    const weight = stored.get(name);
    const own = from[index];
    if (!weight || own?.shape.join() !== shape.join()) throw new Error(`${name} has no place in the base`);
    const rows = own.kind === 'vector' ? elementCount(shape) : (shape[0] ?? 0);
    return {
      ...{ name, from: own, rounding: roundingOf(weight), ...(add && { add }) },
      rows: (first, count) => readWeightRows(weight, rows, { first, count }),
    };
  });
}

/** How a stored weight was rounded. */
function roundingOf(weight: StoredWeight): Rounding {
  if (weight.kind === 'dense') {
    const { dtype } = weight.tensor;
    if (isFloatDtype(dtype)) return floatRounding(dtype);
  }
  const type =
    weight.kind === 'packed' ? ggmlTypeOf(weight.packing) : weight.kind === 'requantised' ? weight.from : '';
  const known = ggmlEncoded.find((each) => each === type);
  if (known && isGgmlPacked(known)) return ggmlRounding(known);
  throw new Error(`no export writes ${type}`);
}
