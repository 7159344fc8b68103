import { describe, expect, it } from 'vitest';
import { CATALOGUES, LANGUAGES } from '../../../../src/core/messages/languages';
import { settingHelp } from '../../../../src/core/settings/help';
import { sentence } from '../../../../src/core/messages/message';
import type { Setting } from '../../../../src/core/settings/setting';
import { ANSWER_SETTINGS, parseSettings, SETTINGS } from '../../../../src/core/settings/settings';
import { describeError, type ErrorDescription } from '../../../../src/core/errors';

const all: readonly (readonly [string, Setting])[] = [
  ...Object.entries(SETTINGS),
  ...Object.entries(ANSWER_SETTINGS),
];

describe.each(LANGUAGES)('the help in %s', (language) => {
  const words = CATALOGUES[language];

  it.each(all)('tells the values of %s that can be chosen', (name, setting) => {
    const { help, options = {} } = settingHelp(words, name, setting);
    expect(help).not.toBe('');
    const { control } = setting.kind;
    const offered =
      control.type === 'choice' ? control.options : control.type === 'text' ? control.examples : [];
    for (const value of Object.keys(options)) expect(offered).toContain(value);
    if (control.type === 'choice') expect(Object.keys(options)).toEqual(offered);
  });
});

describe('a refused value in Chinese', () => {
  const refusal = (given: object): ErrorDescription => {
    try {
      parseSettings(given);
    } catch (error) {
      return describeError(error);
    }
    throw new Error('It was accepted.');
  };

  it.each([
    [{ r: 0 }, 'r 必须是 1 到 1024 之间的整数，而不是 0。'],
    [{ learning_rate: 2 }, 'learning_rate 必须是大于 0 且不大于 1 的数值，而不是 2。'],
    [
      { max_steps: 0 },
      'max_steps 必须是 1 到 10000000 之间的整数，或 -1（表示步数由训练轮数决定），而不是 0。',
    ],
    [{ template: '' }, 'template 必须是 model、alpaca 之一，而不是空文本。'],
    [{ lerning_rate: 1 }, '没有名为 lerning_rate 的设置。'],
  ])('%j', (given, told) => {
    expect(sentence(CATALOGUES.zh, refusal(given))).toBe(told);
  });
});
