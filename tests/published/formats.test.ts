import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeError } from '../../src/core/errors';
import { loadTokenizer } from '../../src/data/tokenizer';
import { readGgufHeader, type GgufHeader } from '../../src/formats/gguf';
import { readTensors } from '../../src/formats/safetensors';
import { readSpec } from '../../src/models/config';
import { ggufFolder } from '../../src/models/gguf_folder';
import { publishedBytes, publishedJson, publishedPath, publishedText } from './folder';

const GGUF = 'weights/llama-2-tiny-random.gguf';

function readHeader(bytes: Uint8Array): Promise<GgufHeader> {
  const read = (begin: number, end: number) => Promise.resolve(bytes.subarray(begin, end));
  return readGgufHeader({ name: 'model.gguf', size: bytes.length, read });
}

describe('a published GGUF file', () => {
  it('is read', async () => {
    const { metadata, tensors } = await readHeader(publishedBytes(GGUF));
    expect(metadata.get('tokenizer.ggml.tokens')).toHaveLength(32000);
    expect(tensors.get('blk.0.ffn_gate.weight')).toMatchObject({ type: 'F16', shape: [32, 8] });
  });

  it('has a tokenizer that gives the ids of llama.cpp', async () => {
    const { config, tokenizer, tokenizerConfig } = ggufFolder(await readHeader(publishedBytes(GGUF)));
    expect(readSpec(config)).toMatchObject({ family: 'llama', vocabularySize: 32000, tiedHead: false });
    const loaded = loadTokenizer(tokenizer, tokenizerConfig);
    const inputs = publishedJson('tokenizer_vectors/llama.cpp/inputs.json') as string[];
    const lines = publishedText('tokenizer_vectors/llama.cpp/ggml-vocab-llama-spm.gguf.out').split('\n');
    inputs.forEach((text, index) => {
      const ids = (lines[index] ?? '').trim().split(/\s+/).filter(Boolean).map(Number);
      expect(loaded.encode(text), JSON.stringify(text)).toEqual(ids);
    });
  });
});

describe('published safetensors files', () => {
  const cases = publishedJson('safetensors_cases/expected.json') as Record<
    string,
    { ok: boolean; tensors?: Readonly<Record<string, { dtype: string; shape: number[] }>> }
  >;
  it.each(Object.entries(cases))('%s', (name, expected) => {
    const bytes = publishedBytes(`safetensors_cases/${name}`);
    if (!expected.ok) {
      let code = '';
      try {
        readTensors(bytes);
      } catch (error) {
        code = describeError(error).code;
      }
      expect(code).toMatch(/^safetensors_/);
      return;
    }
    const { tensors } = readTensors(bytes);
    const read = Array.from(tensors, ([key, { dtype, shape }]) => [key, { dtype, shape }]);
    expect(Object.fromEntries(read)).toEqual(expected.tensors);
  });

  it('are all read', () => {
    for (const name of readdirSync(publishedPath('safetensors_cases/samples'))) {
      const { tensors } = readTensors(publishedBytes(`safetensors_cases/samples/${name}`));
      expect(tensors.size, name).toBeGreaterThan(0);
    }
  });
});
