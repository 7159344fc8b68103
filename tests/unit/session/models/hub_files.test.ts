import { describe, expect, it } from 'vitest';
import { inEnglish } from '../../../../src/core/messages/english';
import type { Repository } from '../../../../src/hub/types';
import { bytesOfFiles, hubFiles, indexToRead } from '../../../../src/session/models/hub_files';

function repository(...paths: string[]): Repository {
  const files = paths.map((path, i) => ({ path, size: 1000 * 10 ** i }));
  return {
    repo: 'owner/name',
    endpoint: 'https://huggingface.co',
    commit: 'c'.repeat(40),
    files,
    gated: false,
  };
}

const SMALL = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];
const paths = (files: readonly { path: string }[]): string[] => files.map(({ path }) => path);

describe('the files of a repository that make its model', () => {
  it('are one safetensors file and the small ones, and nothing else', () => {
    const found = hubFiles(
      repository(...SMALL, 'model.safetensors', 'README.md', 'onnx/model.onnx', 'a.gguf'),
      undefined,
      [],
    );
    expect(found.kind).toBe('safetensors');
    expect(paths(found.small)).toEqual(SMALL);
    expect(paths(found.weights)).toEqual(['model.safetensors']);
    expect(bytesOfFiles([...found.small, ...found.weights])).toBe(1_111_000);
  });

  it('are the shards that their index names, and none of another sharding', () => {
    const index = 'model.safetensors.index.json';
    const shards = ['part-a.safetensors', 'part-b.safetensors'];
    const left = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const held = repository(...SMALL, ...left, ...shards, index, 'consolidated.safetensors');
    expect(indexToRead(held)).toBe(index);
    const found = hubFiles(held, undefined, shards);
    expect(paths(found.small)).toEqual([...SMALL, index]);
    expect(paths(found.weights)).toEqual(shards);
    const incomplete = (): unknown => hubFiles(held, undefined, [...shards, 'part-c.safetensors']);
    expect(incomplete).toThrow(expect.objectContaining({ code: 'repository_shard_missing' }));
    expect(incomplete).toThrow('part-c.safetensors');
  });

  it('need no index where one file has all, or one is asked for', () => {
    const index = 'model.safetensors.index.json';
    expect(indexToRead(repository(...SMALL, 'model.safetensors', index))).toBeUndefined();
    expect(indexToRead(repository('a.gguf', index), 'a.gguf')).toBeUndefined();
    // An index whose shards are not there says nothing.
    expect(hubFiles(repository('a.gguf', index), undefined, ['x.safetensors']).kind).toBe('gguf');
  });

  it('are one GGUF file of several, which is told', () => {
    const files = ['x-Q8_0.gguf', 'x-Q4_K_M.gguf', 'x-F16-00001-of-00002.gguf', 'mmproj-F16.gguf'];
    const found = hubFiles(repository('README.md', ...files), undefined, []);
    expect(found).toMatchObject({ kind: 'gguf', small: [], weights: [{ path: 'x-Q4_K_M.gguf' }] });
    expect(found.notes.map(inEnglish).join()).toContain('x-Q4_K_M.gguf');
    expect(paths(hubFiles(repository(...files), 'x-Q8_0.gguf', []).weights)).toEqual(['x-Q8_0.gguf']);
    expect(hubFiles(repository('only.gguf'), undefined, []).notes).toEqual([]);
  });

  it.each([
    [['README.md', 'pytorch_model.bin'], undefined, 'weights_pickled', 'pytorch_model.bin'],
    [['README.md'], undefined, 'weights_unsupported', 'no weights'],
    [['m-00001-of-00002.gguf'], undefined, 'weights_unsupported', 'm-00001-of-00002.gguf, a part of a GGUF'],
    [['consolidated.safetensors'], undefined, 'weights_unsupported', 'consolidated.safetensors'],
    [['model.fp16.safetensors'], undefined, 'weights_unsupported', 'model.fp16.safetensors'],
    [
      ['model-00001-of-00002.safetensors'],
      undefined,
      'weights_unsupported',
      'no model.safetensors.index.json',
    ],
    [['checkpoint-100/model.safetensors'], undefined, 'weights_unsupported', 'the folder checkpoint-100'],
    [
      ['config.json', 'tokenizer_config.json', 'model.safetensors'],
      undefined,
      'tokenizer_missing',
      'tokenizer.json',
    ],
    [
      ['tokenizer.json', 'tokenizer_config.json', 'model.safetensors'],
      undefined,
      'repository_config_missing',
      'config',
    ],
    [['adapter_config.json', 'adapter_model.safetensors'], undefined, 'repository_is_adapter', 'an adapter'],
    [[...SMALL, 'model.safetensors'], 'model.safetensors', 'file_not_gguf', 'is not a GGUF file'],
    [['a.gguf'], 'b.gguf', 'gguf_file_missing', 'b.gguf'],
  ] as const)('are missed by name among %s', (files, file, code, part) => {
    const choose = (): unknown => hubFiles(repository(...files), file, []);
    expect(choose).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(part) as string }),
    );
  });

  it('are refused if they are pointers of Git LFS', () => {
    const { files, ...rest } = repository(...SMALL, 'model.safetensors');
    const pointers = files.map((file) => ({ ...file, size: 134 }));
    expect(() => hubFiles({ ...rest, files: pointers }, undefined, [])).toThrow(
      expect.objectContaining({
        code: 'repository_pointer',
        message: expect.stringContaining('134 bytes') as string,
      }),
    );
  });
});
