import { describe, expect, it } from 'vitest';
import {
  modelReferenceText,
  parseModelReference,
  requireModelReference,
} from '../../../src/core/model_reference';

const endpoint = 'https://huggingface.co';

describe('a model of a hub, as people name it', () => {
  it.each([
    ['Qwen/Qwen2.5-0.5B-Instruct', { repo: 'Qwen/Qwen2.5-0.5B-Instruct' }],
    [' a/b ', { repo: 'a/b' }],
    ['a/b@refs/pr/1', { repo: 'a/b', revision: 'refs/pr/1' }],
    ['a/b:b-Q4_K_M.gguf', { repo: 'a/b', file: 'b-Q4_K_M.gguf' }],
    ['a/b@main:sub/b.gguf', { repo: 'a/b', revision: 'main', file: 'sub/b.gguf' }],
    ['https://huggingface.co/a/b', { repo: 'a/b', endpoint }],
    ['https://huggingface.co/a/b/tree/main', { repo: 'a/b', revision: 'main', endpoint }],
    [
      'https://huggingface.co/a/b/blob/main/b%20c.gguf?download=true',
      { repo: 'a/b', revision: 'main', file: 'b c.gguf', endpoint },
    ],
    ['https://huggingface.co/a/b/blob/main/config.json', { repo: 'a/b', revision: 'main', endpoint }],
    [
      'https://www.modelscope.cn/models/Qwen/Qwen3-0.6B/files',
      { repo: 'Qwen/Qwen3-0.6B', endpoint: 'https://www.modelscope.cn' },
    ],
  ])('%s', (text, expected) => {
    expect(parseModelReference(text)).toEqual(expected);
  });

  it.each(['', 'a', 'a/b/c', '/a/b', './a', '../a', 'a/..', 'https://huggingface.co/a', 'https://', 'a b/c'])(
    'is not "%s"',
    (text) => {
      expect(parseModelReference(text)).toBeUndefined();
      expect(() => requireModelReference(text)).toThrow(`“${text}”`);
    },
  );

  it.each([
    ['https://huggingface.co/datasets/a/b', 'a dataset'],
    ['https://hf-mirror.com/datasets/a/b/tree/main', 'a dataset'],
    ['https://huggingface.co/spaces/a/b', 'a space'],
    ['https://www.modelscope.cn/studios/a/b', 'a studio'],
  ])('is not another page: %s', (text, what) => {
    expect(parseModelReference(text)).toBeUndefined();
    expect(() => requireModelReference(text)).toThrow(`“${text}” is the address of ${what}, not of a model.`);
  });

  it.each(['a/b', 'a/b@main', 'a/b:c.gguf', 'a/b@main:c.gguf'])('is written as it was read: %s', (text) => {
    expect(modelReferenceText(requireModelReference(text))).toBe(text);
  });
});
