import type { GgmlEncoded } from '../../formats/ggml/types';
import type { Shape } from '../../core/shape';
import { ROPE_FACTORS } from '../../models/gguf_folder';
import { checkpointTensors, type ModelSpec, type TensorSpec } from '../../models/spec';
import { interleaved } from '../../models/stored/interleaved_rows';
import type { ExportSource } from '../format';
import { mergedRows, type BaseWeights } from '../merged/weights';
import type { GgufFileType } from './file_types';
import { ggmlTypesOf } from './mixes';

/** A tensor of a merged GGUF file. */
export interface GgufTensorPlan {
  /** llama.cpp's name. */
  readonly name: string;
  readonly type: GgmlEncoded;
  /** Outermost axis first, without axes of one element. */
  readonly shape: Shape;
  /** Its source: a tensor of the model, or values that other files keep in config.json. */
  readonly from: TensorSpec | Float32Array<ArrayBuffer>;
}

/**
 * The tensors of a GGUF file, in the order of the forward pass, with the types that llama.cpp's own quantiser gives
 * them.
 *
 * @param ropeFactors of `ggufEntries`
 */
export function ggufTensors(
  spec: ModelSpec,
  fileType: GgufFileType,
  ropeFactors: Float32Array<ArrayBuffer> | undefined,
): readonly GgufTensorPlan[] {
  // Norms include their offset in GGUF files, as they do on the device.
  const own = checkpointTensors({ ...spec, normOffset: 0 }).map((from) => {
    if (from.gguf === undefined) throw new Error(`${from.name} has no name in GGUF files`);
    const shape = from.shape.length === 1 ? from.shape : from.shape.filter((length) => length !== 1);
    return { name: from.gguf, shape, from };
  });
  const factors = ropeFactors ? [{ name: ROPE_FACTORS, shape: [ropeFactors.length], from: ropeFactors }] : [];
  const all = [...factors, ...own];
  const types = ggmlTypesOf(fileType, all);
  return all.map((tensor, index) => ({ ...tensor, type: types[index]! }));
}

/**
 * The merged values of a tensor in the order of the file, as runs of whole rows in float32. llama.cpp rotates
 * neighbouring elements of queries and keys, so some families' rows are interleaved.
 */
export async function* ggufRows(
  source: ExportSource,
  { from }: GgufTensorPlan,
  base: BaseWeights,
): AsyncGenerator<Float32Array<ArrayBuffer>, void, void> {
  if (from instanceof Float32Array) {
    yield from.slice();
    return;
  }
  const runs = mergedRows(source, from, base);
  if (from.ggufHeads === undefined) {
    yield* runs;
    return;
  }
  const [out = 0, ...rest] = from.shape;
  const columns = rest[0] ?? 1;
  const headRows = out / from.ggufHeads;
  for await (const heads of inWholes(runs, headRows * columns)) yield interleaved(heads, headRows, columns);
}

/** Regroups runs so that each is a whole number of units of `size` values. */
async function* inWholes(
  runs: AsyncIterable<Float32Array<ArrayBuffer>>,
  size: number,
): AsyncGenerator<Float32Array<ArrayBuffer>, void, void> {
  let rest = new Float32Array();
  for await (const run of runs) {
    const joined = rest.length === 0 ? run : new Float32Array(rest.length + run.length);
    if (joined !== run) {
      joined.set(rest);
      joined.set(run, rest.length);
    }
    const whole = joined.length - (joined.length % size);
    rest = joined.slice(whole);
    if (whole > 0) yield joined.subarray(0, whole);
  }
  if (rest.length > 0) throw new Error(`${rest.length} values are left of units of ${size}`);
}
