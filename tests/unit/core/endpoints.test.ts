import { describe, expect, it } from 'vitest';
import { connectSources, isModelScope, normalizeEndpoint } from '../../../src/core/endpoints';

describe('normalizeEndpoint', () => {
  it.each([
    ['https://huggingface.co/', 'https://huggingface.co'],
    [' hf-mirror.com ', 'https://hf-mirror.com'],
    ['https://mirror.example/hub//', 'https://mirror.example/hub'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
  ])('takes %s', (typed, endpoint) => expect(normalizeEndpoint(typed)).toBe(endpoint));

  it.each([
    'http://huggingface.co',
    'ftp://huggingface.co',
    'https://me:secret@huggingface.co',
    'https://huggingface.co/?a=b',
    'https://huggingface.co/#a',
    'javascript:alert(1)',
    'two words',
    '',
  ])('refuses %s', (typed) => {
    expect(() => normalizeEndpoint(typed)).toThrow(expect.objectContaining({ code: 'endpoint_invalid' }));
  });
});

describe('connectSources', () => {
  it.each([
    ['https://huggingface.co', ['https://huggingface.co', 'https://*.hf.co', 'https://*.huggingface.co']],
    ['https://hf-mirror.com', ['https://hf-mirror.com', 'https://*.hf-mirror.com', 'https://*.hf.co']],
    ['https://www.modelscope.cn', ['https://www.modelscope.cn', 'https://*.modelscope.cn']],
    ['http://localhost:8080', ['http://localhost:8080', 'http://localhost:*']],
    ['https://mirror.example/hub', ['https://mirror.example', 'https://*.mirror.example', 'https://*.hf.co']],
  ])('names for %s the endpoint and what it hands files to', (endpoint, sources) => {
    expect(connectSources(endpoint)).toEqual(sources);
  });
});

describe('isModelScope', () => {
  it('goes by the host', () => {
    expect(isModelScope('https://www.modelscope.cn')).toBe(true);
    expect(isModelScope('https://modelscope.cn')).toBe(true);
    expect(isModelScope('https://notmodelscope.cn')).toBe(false);
    expect(isModelScope('https://huggingface.co/modelscope.cn')).toBe(false);
  });
});
