import { formatsOf } from '../format';

const lists = (type: 'conjunction' | 'disjunction' | 'unit'): ((items: readonly string[]) => string) => {
  const format = new Intl.ListFormat('en', { type });
  return (items) => format.format(items);
};

export const format = formatsOf(
  'en',
  { seconds: 's', minutes: 'min', hours: 'h', days: 'days' },
  {
    list: lists('conjunction'),
    alternatives: lists('disjunction'),
    series: lists('unit'),
    paragraph: (sentences) => sentences.join(' '),
    sentence: (words) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`,
    gap: ' ',
  },
);

/** "1 example", "2 examples". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${format.count(count)} ${count === 1 ? one : many}`;
}
