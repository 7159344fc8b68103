import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { floatsOf, isFloatDtype } from '../../src/core/dtype';
import { readTensors } from '../../src/formats/safetensors';
import { writeDecoder, type Weight, type WrittenDecoder } from './decoder';

const DEMO = join(import.meta.dirname, '../../public/models/demo');
const SMALL_FILES = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'];

/** The page's own model as an ONNX decoder. */
async function demoDecoder(): Promise<WrittenDecoder> {
  const { tensors } = readTensors(await readFile(join(DEMO, 'model.safetensors')), 'model.safetensors');
  const weightOf = (name: string): Weight => {
    // The head is the embedding.
    const tensor = tensors.get(`${name === 'lm_head' ? 'model.embed_tokens' : name}.weight`);
    if (!tensor || !isFloatDtype(tensor.dtype)) throw new Error(`the demo has no ${name}`);
    return { shape: tensor.shape, values: floatsOf(tensor.dtype, tensor.data) };
  };
  const sizes = { blocks: 5, heads: 6, kvHeads: 2, headDim: 32, normEps: 1e-5, ropeTheta: 1e4 };
  return writeDecoder({ ...sizes, positions: 512 }, weightOf);
}

/** The page's own model as the files of a folder, laid out as transformers.js expects, by their paths. */
export async function demoFiles(): Promise<Readonly<Record<string, Uint8Array>>> {
  const { model, weights } = await demoDecoder();
  const small = SMALL_FILES.map(
    async (name) => [name, new Uint8Array(await readFile(join(DEMO, name)))] as const,
  );
  return {
    ...Object.fromEntries(await Promise.all(small)),
    'onnx/model.onnx': model,
    'onnx/weights': weights,
  };
}

/** Writes those files into a folder. */
export async function writeDemoFolder(folder: string): Promise<void> {
  await mkdir(join(folder, 'onnx'), { recursive: true });
  for (const [path, bytes] of Object.entries(await demoFiles())) await writeFile(join(folder, path), bytes);
}
