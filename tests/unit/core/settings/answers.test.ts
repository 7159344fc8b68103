import { describe, expect, it } from 'vitest';
import { ANSWER_DEFAULTS, parseAnswerSettings } from '../../../../src/core/settings/settings';

describe('the settings of an answer', () => {
  it('are the defaults where nothing is said', () => {
    expect(parseAnswerSettings({})).toEqual(ANSWER_DEFAULTS);
    expect(parseAnswerSettings({ temperature: 0, top_k: undefined })).toEqual({
      ...ANSWER_DEFAULTS,
      temperature: 0,
    });
  });

  it.each([
    ['temperature', -1],
    ['temperature', '0'],
    ['top_p', 0],
    ['top_p', 1.5],
    ['top_k', 1.5],
    ['repetition_penalty', 0],
    ['max_new_tokens', 0],
    ['seed', 2 ** 32],
  ] as const)('are refused by name: %s %s', (name, value) => {
    expect(() => parseAnswerSettings({ [name]: value })).toThrow(`${name} must be a`);
  });
});
