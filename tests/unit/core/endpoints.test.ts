import { describe, expect, it } from 'vitest';
import {
  connectSources,
  isModelScope,
  normalizeChatAddress,
  normalizeEndpoint,
} from '../../../src/core/endpoints';

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

describe('normalizeChatAddress', () => {
  it.each([
    ['https://api.openai.com/v1/', 'https://api.openai.com/v1'],
    [' api.deepseek.com ', 'https://api.deepseek.com'],
    ['localhost:11434/v1', 'http://localhost:11434/v1'],
    ['http://127.0.0.1:8000/v1/chat/completions', 'http://127.0.0.1:8000/v1'],
    [
      'https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions/',
      'https://dashscope.aliyuncs.com/compatible-mode/v1',
    ],
  ])('takes %s', (typed, address) => expect(normalizeChatAddress(typed)).toBe(address));

  it.each([
    '',
    'two words',
    'ftp://a.example',
    'https://me:secret@a.example',
    'https://a.example/?key=1',
    'javascript:alert(1)',
  ])('refuses %j', (typed) => {
    expect(() => normalizeChatAddress(typed)).toThrow(expect.objectContaining({ code: 'chat_address' }));
  });

  it('takes plain http to other machines only outside of a page', () => {
    const typed = 'http://192.168.1.5:8000/v1';
    expect(() => normalizeChatAddress(typed)).toThrow(
      expect.objectContaining({ code: 'chat_address_http', values: { host: '192.168.1.5:8000' } }),
    );
    expect(normalizeChatAddress(typed, true)).toBe(typed);
  });
});
