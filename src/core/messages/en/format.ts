import { formatsOf } from '../format';

export const format = formatsOf('en', { seconds: 's', minutes: 'min', hours: 'h', days: 'days' });

/** "1 example", "2 examples". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${format.count(count)} ${count === 1 ? one : many}`;
}
