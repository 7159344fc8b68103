import { describe, expect, it } from 'vitest';
import { formatBytes, formatNumber, formatSeconds, plural } from '../../../src/ui/shared/format';

describe('what the page shows', () => {
  it('numbers', () => {
    expect([0, 0.5, 2.345678, 4321.2, 0.0000407, 12_000_000, Number.NaN].map(formatNumber)).toEqual([
      '0',
      '0.500',
      '2.35',
      '4,321',
      '4.07e-5',
      '1.2e7',
      'NaN',
    ]);
  });

  it('sizes', () => {
    expect([0, 712, 5_761_240, 1.2e9].map(formatBytes)).toEqual([
      '0 bytes',
      '712 bytes',
      '5.76 MB',
      '1.2 GB',
    ]);
  });

  it('times', () => {
    expect([-1, 45.4, 200, 600, 3599, 7500, 10_622_100].map(formatSeconds)).toEqual([
      '0 s',
      '45 s',
      '3 min 20 s',
      '10 min',
      '1 h',
      '2 h 5 min',
      '122 days 23 h',
    ]);
  });

  it('counts', () => {
    expect([1, 2, 1200].map((count) => plural(count, 'example'))).toEqual([
      '1 example',
      '2 examples',
      '1,200 examples',
    ]);
  });
});
