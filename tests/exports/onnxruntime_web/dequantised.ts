import { openFolder } from '../../../src/cli/files';
import { f16ToF32, f32ToF16, floatsOf } from '../../../src/core/dtype';
import { BLOCK_4, quantizeBlocks4 } from '../../../src/formats/onnx/codecs/blocks4';
import type { Device } from '../../../src/gpu/device';
import { openCheckpoint, type Checkpoint } from '../../../src/models/files';
import { logitsByParts } from '../../../src/models/logits_by_parts';
import { embeddingName, headName } from '../../../src/models/spec';
import type { StoredTensor, StoredWeight } from '../../../src/models/stored/stored_weight';
import { largest, relativeError } from '../logits';
import { exportTo, type Tuned } from '../tuned';
import { matrices, orderOfSums, SPREAD } from './rounding';

interface Options {
  readonly quantization: 'q4' | 'q4f16';
  /** Called with the relative error of each matrix when it is first read. */
  readonly onError?: (error: number) => void;
}

/**
 * The checkpoint that a `q4` or `q4f16` export of this one stands for: a graph of ONNX must compute what it computes here.
 * The table of embeddings is not quantised, so a tied head becomes a matrix of its own.
 *
 * @param checkpoint in float32
 */
export function dequantised(checkpoint: Checkpoint, options: Options): Checkpoint {
  const { spec, stored } = checkpoint;
  const table = embeddingName(spec);
  const weights = new Map(
    Array.from(stored, ([name, weight]) => [name, name === table ? weight : quantised(weight, options)]),
  );
  const tied = spec.tiedHead ? stored.get(table) : undefined;
  if (tied) weights.set(headName(), quantised(tied, options));
  return { ...checkpoint, spec: { ...spec, tiedHead: false }, stored: weights };
}

/** A matrix as its codes stand for it. Norms are vectors, and convolutions have three axes: they stay. */
function quantised(weight: StoredWeight, options: Options): StoredWeight {
  if (weight.kind !== 'dense' || weight.tensor.shape.length !== 2) return weight;
  const { tensor } = weight;
  let values: Promise<Uint8Array<ArrayBuffer>> | undefined;
  const read = async (begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> => {
    values ??= dequantisedBytes(tensor, options);
    return (await values).slice(begin, end);
  };
  const size = tensor.end - tensor.begin;
  return { ...weight, tensor: { ...tensor, file: { name: tensor.name, size, read }, begin: 0, end: size } };
}

async function dequantisedBytes(
  { file, begin, end, shape }: StoredTensor,
  { quantization, onError }: Options,
): Promise<Uint8Array<ArrayBuffer>> {
  const exact = floatsOf('F32', new Uint8Array(await file.read(begin, end)));
  const roundScale = quantization === 'q4f16' ? toF16 : Math.fround;
  const found = dequantisedRows(exact, shape[1] ?? 1, roundScale);
  onError?.(relativeError(exact, found));
  return new Uint8Array(found.buffer);
}

/** (q − zero point) · scale, the low nibble first. Blocks do not cross rows. */
function dequantisedRows(
  rows: Float32Array<ArrayBuffer>,
  columns: number,
  roundScale: (scale: number) => number,
): Float32Array<ArrayBuffer> {
  const { codes, scales, zeroPoints } = quantizeBlocks4(rows, columns, roundScale);
  const blocks = Math.ceil(columns / BLOCK_4);
  const values = new Float32Array(rows.length);
  for (let row = 0, at = 0; at < values.length; row++) {
    for (let column = 0; column < columns; column++, at++) {
      const block = Math.floor(column / BLOCK_4);
      const index = row * blocks + block;
      const byte = codes[(index * BLOCK_4 + (column % BLOCK_4)) >> 1]!;
      const pair = zeroPoints[row * Math.ceil(blocks / 2) + (block >> 1)]!;
      const zero = block % 2 === 0 ? pair & 15 : pair >> 4;
      values[at] = ((column % 2 === 0 ? byte & 15 : byte >> 4) - zero) * scales[index]!;
    }
  }
  return values;
}

function toF16(value: number): number {
  return f16ToF32(f32ToF16(Float32Array.of(value)))[0]!;
}

/**
 * The logits that the codes of an export stand for, and how far those of a program may be from them: the errors of its
 * sums in float32, or of weights, inputs and outputs in float16, add up over the matrices.
 *
 * @param folder for files that the comparison needs
 */
export async function logitsOfCodes(
  device: Device,
  tuned: Tuned,
  quantization: 'q4' | 'q4f16',
  folder: string,
): Promise<{ readonly expected: Float32Array; readonly allowed: number }> {
  const { folder: merged } = await exportTo(folder, tuned, 'merged', { export_dtype: 'float32' });
  const checkpoint = await openCheckpoint(await openFolder(merged, 'model'));
  const expected = await logitsByParts(device, dequantised(checkpoint, { quantization }), tuned.ids);
  const halves = SPREAD * Math.sqrt(3 * matrices(tuned)) * 2 ** -11 * largest(expected);
  return { expected, allowed: quantization === 'q4' ? orderOfSums(tuned) : halves };
}
