import { TunesmithError } from '../../core/errors';
import { sameShape, shapeText } from '../../core/shape';
import { message } from '../../core/messages/message';
import { dequantizeGgml } from '../../formats/ggml/rows';
import { isGgmlPacked, type GgmlPacked } from '../../formats/ggml/types';
import type { GgufHeader } from '../../formats/gguf';
import { ggmlPacking } from '../../ops/packings/ggml';
import { packedBuffers } from '../../ops/packings/packed';
import type { FileReader } from '../folder';
import { ROPE_FACTORS } from '../gguf_folder';
import { checkpointTensors, type ModelSpec, type TensorSpec } from '../spec';
import { inHalves } from './interleaved_rows';
import { damaged } from './parts';
import type { StoredTensor, StoredWeight, StoredWeights } from './stored_weight';

/** Most bytes of the rotary factors: one factor for every two elements of a head. */
const MOST_FACTOR_BYTES = 4096;

/**
 * How a GGUF file stores each weight of a model, by the weights' names in Transformers' checkpoints. Weights that the
 * file lacks are missing, and the shapes of dense tensors are not checked. Throws `tensor_shape`, `tensor_unexpected`
 * or `gguf_type_unsupported` naming the tensor, `gguf_split`, and `architecture_unsupported`.
 *
 * @param spec from `ggufSpec`
 */
export function ggufWeights(spec: ModelSpec, header: GgufHeader, file: FileReader): StoredWeights {
  checkWhole(spec, header, file);
  const stored = new Map<string, StoredWeight>();
  const known = new Set([ROPE_FACTORS]);
  for (const expected of checkpointTensors(spec)) {
    const name = expected.gguf;
    if (name === undefined) throw new Error(`${expected.name} has no name in GGUF files`);
    known.add(name);
    const found = header.tensors.get(name);
    if (!found) continue;
    const { type: dtype, shape, begin, end } = found;
    const tensor: StoredTensor = { name, file, begin, end, dtype, shape: withOnes(shape, expected.shape) };
    stored.set(expected.name, storedWeight(tensor, expected));
  }
  for (const name of header.tensors.keys()) {
    if (known.has(name)) continue;
    throw damaged('tensor_unexpected', message('tensor_useless_gguf', { file: file.name, name }));
  }
  return stored;
}

/** The spec of a GGUF file's model: in GGUF files, Gemma's norms already include their offset. */
export function ggufSpec(spec: ModelSpec): ModelSpec {
  return { ...spec, normOffset: 0 };
}

/** The file's divisors of the rotary frequencies, if it has any. Throws `gguf_rope_factors`. */
export async function readRopeFactors(
  header: GgufHeader,
  file: FileReader,
): Promise<Float32Array<ArrayBuffer> | undefined> {
  const tensor = header.tensors.get(ROPE_FACTORS);
  if (!tensor) return undefined;
  const { type, shape, begin, end } = tensor;
  if (type !== 'F32' || shape.length !== 1 || end - begin > MOST_FACTOR_BYTES) {
    const values = { file: file.name, name: ROPE_FACTORS, type: `${type} ${shapeText(shape)}` };
    throw damaged('gguf_rope_factors', message('rope_factors', values));
  }
  return new Float32Array(new Uint8Array(await file.read(begin, end)).buffer);
}

function storedWeight(tensor: StoredTensor, { shape, kind, ggufHeads }: TensorSpec): StoredWeight {
  const { dtype } = tensor;
  const ordered = ggufHeads === undefined ? tensor : inHalves(checked(tensor, shape), ggufHeads);
  if (dtype === 'F32' || dtype === 'F16' || dtype === 'BF16') return { kind: 'dense', tensor: ordered };
  if (kind === 'vector' || !isGgmlPacked(dtype)) {
    throw new TunesmithError({
      code: 'gguf_type_unsupported',
      values: { file: tensor.file.name, name: tensor.name, type: dtype },
    });
  }
  checked(tensor, shape);
  const [out = 0, input = 0] = shape;
  const packing = ggmlPacking(dtype);
  if (packing && kind === 'linear') {
    const { codes } = packedBuffers(packing, out, input);
    return { kind: 'packed', packing, buffers: { codes: { bytes: codes, copy: ordered } } };
  }
  return { kind: 'requantised', from: dtype, rows: rowsOf(ordered, dtype, out), tensor };
}

/** Restores axes of one element, which llama.cpp leaves out, for instance in a depthwise convolution. */
function withOnes(found: readonly number[], expected: readonly number[]): readonly number[] {
  const longer = (shape: readonly number[]): readonly number[] => shape.filter((length) => length !== 1);
  return sameShape(longer(found), longer(expected)) ? expected : found;
}

function rowsOf(
  { file, begin, end }: StoredTensor,
  type: GgmlPacked,
  out: number,
): (first: number, count: number) => Promise<Float32Array<ArrayBuffer>> {
  const rowBytes = (end - begin) / out;
  return async (first, count) =>
    dequantizeGgml(type, await file.read(begin + first * rowBytes, begin + (first + count) * rowBytes));
}

function checked(tensor: StoredTensor, shape: readonly number[]): StoredTensor {
  if (sameShape(tensor.shape, shape)) return tensor;
  const { name, file } = tensor;
  const values = { name, found: shapeText(tensor.shape), file: file.name, expected: shapeText(shape) };
  throw damaged('tensor_shape', message('tensor_shape_by_metadata', values));
}

function checkWhole(spec: ModelSpec, { metadata }: GgufHeader, file: FileReader): void {
  if (checkpointTensors(spec).some(({ gguf }) => gguf === undefined)) {
    throw new TunesmithError({
      code: 'gguf_architecture_unsupported',
      values: { file: file.name, family: spec.family },
    });
  }
  const parts = metadata.get('split.count') ?? 1;
  if (parts === 1 || parts === 0) return;
  throw new TunesmithError({ code: 'gguf_split', values: { file: file.name, parts: String(parts) } });
}
