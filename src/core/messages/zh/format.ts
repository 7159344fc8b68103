import { formatsOf } from '../format';

/** A space between Chinese and Latin letters, digits or signs, which Intl does not set. */
const space = (beside = ''): string => (/^[\p{Script=Latin}\x21-\x7e]/u.test(beside) ? ' ' : '');

/** "a、b 和 c". */
const lists =
  (word: string) =>
  (items: readonly string[]): string => {
    const last = items.at(-1) ?? '';
    const others = items.slice(0, -1).join('、');
    return others === '' ? last : `${others}${space(others.at(-1))}${word}${space(last)}${last}`;
  };

export const format = formatsOf(
  'zh-Hans',
  { seconds: '秒', minutes: '分钟', hours: '小时', days: '天' },
  {
    list: lists('和'),
    alternatives: lists('或'),
    series: (items) => items.join('、'),
    paragraph: (sentences) => sentences.join(''),
    sentence: (words) => `${words}。`,
    gap: '',
  },
);
