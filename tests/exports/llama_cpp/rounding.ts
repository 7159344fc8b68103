import { readFile } from 'node:fs/promises';
import { readGgufHeader, type GgufHeader } from '../../../src/formats/gguf';
import type { GgmlType } from '../../../src/formats/ggml/types';

/** The header of a GGUF file on disk. */
export async function headerOf(path: string): Promise<GgufHeader> {
  const bytes = await readFile(path);
  const read = (begin: number, end: number) => Promise.resolve(bytes.subarray(begin, end));
  return readGgufHeader({ name: path, size: bytes.length, read });
}

/**
 * The relative error that llama.cpp on a processor makes in a product with weights of a type, by rounding the
 * activations: to the weights’ own type if they are floats, else to 8 bits in blocks of 32 or, for k-quants, of 256. A
 * block’s step is its largest value / 127, and the error of rounding to a step is step / √12 in the mean. The largest of
 * n normally distributed values is about √(2 ln n) times the typical one.
 */
function productError(type: GgmlType): number {
  const float = floatError(type);
  if (float !== undefined) return float;
  const block = type.endsWith('_K') ? 256 : 32;
  return Math.sqrt(2 * Math.log(block)) / (127 * Math.sqrt(12));
}

/** The relative error of rounding to a type of floats; undefined for a block format. */
function floatError(type: GgmlType): number | undefined {
  const bits = { F32: 24, F16: 11, BF16: 8 }[type as string];
  return bits === undefined ? undefined : 2 ** -bits;
}

/** The largest of many normally distributed values is about four times the typical one. */
const SPREAD = 4;

/**
 * The largest difference of logits that llama.cpp’s rounding explains, as a share of the largest logit. Independent
 * errors of relative size u in n products one after the other add up to √n · u. llama.cpp’s table of GELU has half
 * precision, and every product also sums in another order in float32.
 *
 * @param rounded whether the file’s floats are rounded too, compared with the weights that the logits are of
 */
export function llamaRounding({ metadata, tensors }: GgufHeader, rounded = false): number {
  const gelu = String(metadata.get('general.architecture')).startsWith('gemma') ? 2 ** -11 : 0;
  let squares = 0;
  for (const { type, shape } of tensors.values()) {
    if (shape.length < 2) continue;
    const order = Math.sqrt(shape.at(-1) ?? 1) * 2 ** -24;
    const stored = rounded ? (floatError(type) ?? 0) : 0;
    squares += productError(type) ** 2 + gelu ** 2 + stored ** 2 + order ** 2;
  }
  return SPREAD * Math.sqrt(squares);
}
