import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf } from '../../../src/core/bytes';
import { f16ToF32, f32ToF16, floatsOf } from '../../../src/core/dtype';
import { BLOCK_4, quantizeBlocks4 } from '../../../src/formats/onnx/codecs/blocks4';
import { readTensors, writeSafetensors } from '../../../src/formats/safetensors';
import type { Device } from '../../../src/gpu/device';
import { largest } from '../logits';
import { exportTo, logitsOf, type Tuned } from '../tuned';
import { matrices, SPREAD } from './rounding';

/**
 * Writes the weights that a `q4` or `q4f16` export stands for, as a checkpoint of float32: a graph of ONNX must compute
 * what this checkpoint computes here. The table of embeddings is not quantised, so a tied head becomes one of its own.
 *
 * @param folder a merged export in float32 in one file, which is changed
 */
async function dequantise(folder: string, quantization: 'q4' | 'q4f16'): Promise<void> {
  const toStored = quantization === 'q4f16' ? toF16 : Math.fround;
  const weights = join(folder, 'model.safetensors');
  const { tensors } = readTensors(new Uint8Array(await readFile(weights)));
  const [table, head] = ['model.embed_tokens.weight', 'lm_head.weight'];
  const written = [...tensors].flatMap(([name, { shape, data }]) => {
    const values = floatsOf('F32', data.slice());
    const plain = { name, dtype: 'F32' as const, shape, data: bytesOf(values) };
    // Norms are vectors, and convolutions have three axes.
    if (shape.length !== 2) return [plain];
    const quantised = { ...plain, data: bytesOf(dequantised(values, shape[1] ?? 1, toStored)) };
    if (name !== table) return [quantised];
    return tensors.has(head) ? [plain] : [plain, { ...quantised, name: head }];
  });
  await writeFile(weights, writeSafetensors(written, { format: 'pt' }));
  const path = join(folder, 'config.json');
  const config = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...config, tie_word_embeddings: false }));
}

/** (q − zero point) · scale, the low nibble first. */
function dequantised(
  rows: Float32Array<ArrayBuffer>,
  columns: number,
  roundScale: (scale: number) => number,
): Float32Array<ArrayBuffer> {
  const { codes, scales, zeroPoints } = quantizeBlocks4(rows, columns, { roundScale });
  const blocks = Math.ceil(columns / BLOCK_4);
  return rows.map((_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const block = Math.floor(column / BLOCK_4);
    const index = row * blocks + block;
    const within = column % BLOCK_4;
    const byte = codes[(index * BLOCK_4 + within) >> 1]!;
    const pair = zeroPoints[row * Math.ceil(blocks / 2) + (block >> 1)]!;
    const zero = block % 2 === 0 ? pair & 15 : pair >> 4;
    return ((within % 2 === 0 ? byte & 15 : byte >> 4) - zero) * scales[index]!;
  });
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
  await dequantise(merged, quantization);
  const expected = await logitsOf(device, merged, tuned.ids);
  const each = quantization === 'q4' ? Math.sqrt(256) * 2 ** -24 : Math.sqrt(3) * 2 ** -11;
  return { expected, allowed: SPREAD * Math.sqrt(matrices(tuned)) * each * largest(expected) };
}
