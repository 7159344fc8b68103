import { describe, expect, it } from 'vitest';
import { describeError, TunesmithError } from '../../../src/core/errors';
import { CATALOGUES, languageFor } from '../../../src/core/messages/languages';
import { errorWords, message, sentence } from '../../../src/core/messages/message';

const { en, zh } = CATALOGUES;

describe('an error', () => {
  const error = new TunesmithError({ code: 'choose_model_again', values: { name: 'tiny' } });

  it('becomes words in each language from its code and values', () => {
    expect(errorWords(en, error).message).toBe('The page can no longer read the files of “tiny”.');
    expect(errorWords(zh, error)).toEqual({
      message: '页面已无法读取“tiny”的文件。',
      hint: '请重新选择该模型的文件夹。',
    });
    expect(error.message).toBe(errorWords(en, error).message);
  });

  it('keeps its values across the worker’s door', () => {
    const there = structuredClone(describeError(error));
    expect(errorWords(zh, there)).toEqual(errorWords(zh, error));
  });

  it('that nobody expected is told with a next step', () => {
    expect(errorWords(zh, describeError(new TypeError('x is undefined')))).toEqual({
      message: '发生意外错误：x is undefined',
      hint: '请重试。如果再次出现，请报告此问题。',
    });
  });

  it('is cut if a name in it is longer than a message may be', () => {
    const name = 'x'.repeat(5000);
    const { message } = errorWords(zh, { code: 'file_unreadable', values: { name } });
    expect(message).toMatch(/^无法读取 x{400,500} … x{400,500}。$/);
  });

  it('of a code that a catalogue lacks is given by its code', () => {
    expect(errorWords({ engine: en.engine, errors: en.errors }, { code: 'made_up' as 'aborted' })).toEqual({
      message: 'made_up',
    });
  });
});

describe('a message', () => {
  it('may be a clause of another', () => {
    const inner = message('kernels_preparing');
    const told = { code: 'choose_model_again', values: { name: inner } } as const;
    expect(sentence(en, told)).toBe('The page can no longer read the files of “Preparing the kernels”.');
    expect(sentence(zh, told)).toBe('页面已无法读取“正在准备内核”的文件。');
  });

  it('has a code of its own: no message of the engine is an error’s', () => {
    const shared = Object.keys(en.engine).filter((code) => Object.hasOwn(en.errors, code));
    expect(shared).toEqual([]);
  });
});

it('chooses the first language that is spoken here', () => {
  expect(languageFor(['fr-FR', 'zh-TW', 'en'])).toBe('zh');
  expect(languageFor(['zh_CN.UTF-8'])).toBe('zh');
  expect(languageFor(['en-GB', 'zh'])).toBe('en');
  expect(languageFor(['C.UTF-8'])).toBe('en');
  expect(languageFor([])).toBe('en');
});
