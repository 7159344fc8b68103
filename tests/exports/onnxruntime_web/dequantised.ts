import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf } from '../../../src/core/bytes';
import { floatsOf } from '../../../src/core/dtype';
import { BLOCK_4, quantizeBlocks4 } from '../../../src/formats/onnx_quantize';
import { readTensors, writeSafetensors } from '../../../src/formats/safetensors';

/**
 * Writes the weights that a `q4` export stands for, as a checkpoint of float32: a graph of ONNX must compute what this
 * checkpoint computes here. The table of embeddings of a `q4` export is not quantised, so a tied head becomes one of its
 * own.
 *
 * @param folder a merged export in float32 in one file, which is changed
 */
export async function dequantise(folder: string): Promise<void> {
  const weights = join(folder, 'model.safetensors');
  const { tensors } = readTensors(new Uint8Array(await readFile(weights)));
  const [table, head] = ['model.embed_tokens.weight', 'lm_head.weight'];
  const written = [...tensors].flatMap(([name, { shape, data }]) => {
    const values = floatsOf('F32', data.slice());
    const plain = { name, dtype: 'F32' as const, shape, data: bytesOf(values) };
    // Norms are vectors, and convolutions have three axes.
    if (shape.length !== 2) return [plain];
    const quantised = { ...plain, data: bytesOf(dequantised(values, shape[1] ?? 1)) };
    if (name !== table) return [quantised];
    return tensors.has(head) ? [plain] : [plain, { ...quantised, name: head }];
  });
  await writeFile(weights, writeSafetensors(written, { format: 'pt' }));
  const path = join(folder, 'config.json');
  const config = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...config, tie_word_embeddings: false }));
}

/** (q - 8) · scale, the low nibble first. */
function dequantised(rows: Float32Array<ArrayBuffer>, columns: number): Float32Array<ArrayBuffer> {
  const { codes, scales } = quantizeBlocks4(rows, columns);
  const blocks = Math.ceil(columns / BLOCK_4);
  return rows.map((_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const block = row * blocks + Math.floor(column / BLOCK_4);
    const within = column % BLOCK_4;
    const byte = codes[(block * BLOCK_4 + within) >> 1]!;
    return ((within % 2 === 0 ? byte & 15 : byte >> 4) - 8) * scales[block]!;
  });
}
