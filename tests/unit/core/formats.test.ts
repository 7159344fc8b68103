import { describe, expect, it } from 'vitest';
import { format as english, plural } from '../../../src/core/messages/en/format';
import { format as chinese } from '../../../src/core/messages/zh/format';

describe('what a person reads', () => {
  it('numbers', () => {
    const numbers = [0, 0.5, 2.345678, 4321.2, 0.0000407, 12_000_000, Number.NaN, Infinity];
    expect(numbers.map(english.number)).toEqual([
      '0',
      '0.500',
      '2.35',
      '4,321',
      '4.07e-5',
      '1.2e7',
      'NaN',
      '∞',
    ]);
    expect(
      [4_213_760, 0.42].map((value, index) => (index ? chinese.percent : chinese.compact)(value)),
    ).toEqual(['421万', '42%']);
  });

  it('sizes', () => {
    const sizes = [0, 712, 5_761_240, 1.2e9];
    expect(sizes.map(english.bytes)).toEqual(['0 bytes', '712 bytes', '5.76 MB', '1.2 GB']);
    expect(sizes.map(chinese.bytes)).toEqual(['0字节', '712字节', '5.76 MB', '1.2 GB']);
  });

  it('times', () => {
    const times = [-1, 45.4, 200, 600, 3599, 7500, 10_622_100];
    expect(times.map(english.seconds)).toEqual([
      '0 s',
      '45 s',
      '3 min 20 s',
      '10 min',
      '1 h',
      '2 h 5 min',
      '122 days 23 h',
    ]);
    expect(times.map(chinese.seconds)).toEqual([
      '0 秒',
      '45 秒',
      '3 分钟 20 秒',
      '10 分钟',
      '1 小时',
      '2 小时 5 分钟',
      '122 天 23 小时',
    ]);
  });

  it('needed memory, rounded up', () => {
    expect([146_200_000, 1_310_000_000].map(english.bytesNeeded)).toEqual(['147 MB', '1.4 GB']);
  });

  it('lists, and dates that are none', () => {
    expect(english.list(['a', 'b', 'c'])).toBe('a, b, and c');
    expect(english.series(['a', 'b', 'c'])).toBe('a, b, c');
    expect(chinese.alternatives(['float16', 'float32'])).toBe('float16 或 float32');
    expect(chinese.list(['一步', '两步', 'r'])).toBe('一步、两步和 r');
    expect([english.list([]), chinese.list([]), chinese.list(['r'])]).toEqual(['', '', 'r']);
    expect(english.date('long ago')).toBe('long ago');
  });

  it('counts', () => {
    expect([1, 2, 1200].map((count) => plural(count, 'example'))).toEqual([
      '1 example',
      '2 examples',
      '1,200 examples',
    ]);
  });
});
