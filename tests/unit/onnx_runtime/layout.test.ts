import { describe, expect, it } from 'vitest';
import { memoryFile } from '../../../src/core/file_reader';
import type { ModelFolder } from '../../../src/models/folder';
import { findDecoders } from '../../../src/onnx_runtime/layout';

function folderOf(...paths: readonly (string | [string, unknown])[]): ModelFolder {
  return new Map(
    paths.map((each) => {
      const [path, json] = typeof each === 'string' ? [each, {}] : each;
      return [path, memoryFile(path, new TextEncoder().encode(JSON.stringify(json)))];
    }),
  );
}

const decodersOf = async (folder: ModelFolder) =>
  (await findDecoders(folder)).decoders.map(({ path }) => path);

describe('the decoders of a folder', () => {
  it('proposes small and exact weights first', async () => {
    const names = ['', '_quantized', '_fp16', '_q4', '_bnb4', '_q4f16'].map(
      (suffix) => `onnx/model${suffix}.onnx`,
    );
    const order = ['_q4f16', '_q4', '_bnb4', '_fp16', '', '_quantized'];
    expect(await decodersOf(folderOf('config.json', ...names))).toEqual(
      order.map((suffix) => `onnx/model${suffix}.onnx`),
    );
  });

  it('finds the model in the folder of a zip', async () => {
    const folder = folderOf('smol-onnx/config.json', 'smol-onnx/onnx/model_q4.onnx', 'smol-onnx/README.md');
    const { folder: inner, decoders } = await findDecoders(folder);
    expect(decoders.map(({ path }) => path)).toEqual(['onnx/model_q4.onnx']);
    expect([...inner.keys()]).toContain('config.json');
  });

  it('takes the decoder that genai_config.json names', async () => {
    const genai = { model: { decoder: { filename: 'phi.onnx' } } };
    expect(await decodersOf(folderOf(['genai_config.json', genai], 'phi.onnx', 'other.onnx'))).toEqual([
      'phi.onnx',
    ]);
  });

  it('takes a lone graph under any name', async () => {
    expect(await decodersOf(folderOf('config.json', 'smol.onnx'))).toEqual(['smol.onnx']);
  });
});
