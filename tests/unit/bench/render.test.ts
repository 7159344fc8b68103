import { describe, expect, it } from 'vitest';
import { earlierOf, improvement } from '../../../bench/suite/compare';
import { percent, quantity, table } from '../../../bench/suite/format';
import { render } from '../../../bench/suite/render';
import type { Report, Result } from '../../../bench/suite/results';
import { judge } from '../../../bench/suite/targets';

const result = (given: Partial<Result> & Pick<Result, 'name'>): Result => ({
  group: 'ops',
  unit: 'FLOP/s',
  median: 2e9,
  min: 1.9e9,
  max: 2.1e9,
  samples: 3,
  ...given,
});

const report = (results: readonly Result[], given: Partial<Report> = {}): Report => ({
  runtime: 'Node 20.0.0, Dawn',
  device: 'a device',
  kind: 'software',
  features: { f16: false, timestamps: true },
  date: '2026-01-01T00:00:00.000Z',
  version: '0.1.0',
  results,
  omitted: [],
  ...given,
});

describe('figures', () => {
  it.each([
    [2.513e9, 'FLOP/s', '2.51 GFLOP/s'],
    [999_800_000, 'FLOP/s', '1.00 GFLOP/s'],
    [61.9e12, 'FLOP/s', '61.9 TFLOP/s'],
    [836_000_000, 'bytes', '836 MB'],
    [0.0123, 's', '12.3 ms'],
    [42e-6, 's', '42.0 µs'],
    [12.34, 's', '12.3 s'],
    [253.4, 'tokens/s', '253 tokens/s'],
    [458, 'count', '458'],
    [0.853, 'ratio', '85.3 %'],
    [NaN, 'B/s', '–'],
  ] as const)('%d %s reads %s', (value, unit, text) => {
    expect(quantity(value, unit)).toBe(text);
  });

  it('keep a digit of small parts', () => {
    expect([percent(0.456), percent(0.0123), percent(NaN)]).toEqual(['46 %', '1.2 %', '–']);
  });

  it('stand in columns', () => {
    expect(
      table(
        [
          ['a', '1', '', 'why'],
          ['bbb', '1000', '', 'x'],
        ],
        [0, 3],
      ),
    ).toBe('a       1  why\nbbb  1000  x');
  });
});

describe('a comparison', () => {
  const before = report([
    result({ name: 'linear', tokens: 128, median: 1e9 }),
    result({ name: 'a submit', group: 'limits', unit: 's', median: 2 }),
  ]);
  const earlier = earlierOf(report([], { runtime: 'Node 22.1.0, Dawn' }), [before]);

  it('says how much better, whether more or less is better', () => {
    expect(improvement(result({ name: 'linear', tokens: 128 }), earlier)).toBe(2);
    expect(improvement(result({ name: 'a submit', group: 'limits', unit: 's', median: 1 }), earlier)).toBe(2);
  });

  it('compares the same only', () => {
    expect(improvement(result({ name: 'linear', tokens: 512 }), earlier)).toBeUndefined();
    expect(improvement(result({ name: 'linear', tokens: 128, unit: 'B/s' }), earlier)).toBeUndefined();
    expect(earlierOf(report([], { device: 'another' }), [before]).size).toBe(0);
    expect(earlierOf(report([], { runtime: 'Chromium 140' }), [before]).size).toBe(0);
  });
});

describe('the table', () => {
  it('has a column a length, the part of the limit, and what changed', () => {
    const results = [
      result({ name: 'linear', model: 'demo', tokens: 128, fraction: 0.25, bound: 'fma' }),
      result({ name: 'linear', model: 'demo', tokens: 512, fraction: 0.5, bound: 'fma' }),
      result({ name: 'rotary', model: 'demo', tokens: 512, unit: 'B/s', fraction: 0.75, bound: 'bandwidth' }),
    ];
    const one = report(results, { omitted: ['something: too large'] });
    const before = report([result({ name: 'linear', model: 'demo', tokens: 128, median: 1e9 })]);
    const lines = render(one, judge(one), earlierOf(one, [before])).split('\n');
    expect(lines[0]).toBe('Node 20.0.0, Dawn · a device (a software adapter)');
    expect(lines.find((line) => line.startsWith('demo'))).toMatch(/128 tokens +512 tokens/);
    expect(lines.find((line) => line.includes('linear'))).toMatch(
      /2\.00 GFLOP\/s +±5 % +25 % ×2\.00 +2\.00 GFLOP\/s +±5 % +50 %/,
    );
    expect(lines.find((line) => line.includes('rotary'))).toMatch(/^ {2}rotary +2\.00 GB\/s +±5 % +75 %$/);
    expect(lines).toContain('something: too large');
    expect(lines.filter((line) => line.includes('not measured in this run')).length).toBeGreaterThan(3);
  });
});
