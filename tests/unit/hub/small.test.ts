import { describe, expect, it } from 'vitest';
import { retryAfter } from '../../../src/hub/failures';
import { contentHash } from '../../../src/hub/hash';
import { Intervals } from '../../../src/hub/intervals';
import { Speed } from '../../../src/hub/speed';
import { uniform } from '../../../src/core/random';

describe('Intervals', () => {
  it('agree with a set of numbers, whatever is added', () => {
    for (let seed = 0; seed < 200; seed++) {
      const numbers = new Set<number>();
      const intervals = new Intervals();
      for (let i = 0; i < 12; i++) {
        const begin = Math.floor(uniform(seed, 1, i) * 40);
        const end = begin + Math.floor(uniform(seed, 2, i) * 8);
        intervals.add(begin, end);
        for (let n = begin; n < end; n++) numbers.add(n);
        expect(intervals.size).toBe(numbers.size);
        const listed = intervals.list();
        expect(listed.every(([b], j) => j === 0 || b > listed[j - 1]![1])).toBe(true);
        const from = Math.floor(uniform(seed, 3, i) * 40);
        const to = from + Math.floor(uniform(seed, 4, i) * 12);
        const range = Array.from({ length: to - from }, (_, n) => from + n);
        expect(intervals.has(from, to)).toBe(range.every((n) => numbers.has(n)));
        const gap = range.filter((n) => !numbers.has(n));
        const end0 = gap.findIndex((n, j) => n !== gap[0]! + j);
        const first = gap.slice(0, end0 < 0 ? gap.length : end0);
        expect(intervals.firstGap(from, to)).toEqual(
          first.length > 0 ? [first[0], first.at(-1)! + 1] : undefined,
        );
        const prefix = Array.from({ length: 60 }, (_, n) => n).findIndex((n) => !numbers.has(n));
        expect(intervals.prefix).toBe(prefix);
      }
    }
  });
});

describe('Speed', () => {
  it('is that of the last seconds, and none while nothing arrives', () => {
    let time = 0;
    const speed = new Speed(() => time, 500);
    expect(speed.progress(500, 10_500)).toEqual({ bytes: 500, total: 10_500, bytesPerSecond: 0 });
    time = 1000;
    expect(speed.progress(1500, 10_500)).toMatchObject({ bytesPerSecond: 1000, etaSeconds: 9 });
    for (time = 2000; time <= 30_000; time += 1000) speed.progress(1500, 10_500);
    expect(speed.progress(1500, 10_500)).toEqual({ bytes: 1500, total: 10_500, bytesPerSecond: 0 });
    time += 1000;
    // Discarded bytes don't count as speed.
    expect(speed.progress(0, 10_500).bytesPerSecond).toBe(0);
  });
});

describe('retryAfter', () => {
  it('reads seconds and dates', () => {
    const now = Date.parse('2025-03-01T12:00:00Z');
    expect(retryAfter('120', now)).toBe(120_000);
    expect(retryAfter('Sat, 01 Mar 2025 12:00:30 GMT', now)).toBe(30_000);
    expect(retryAfter('Sat, 01 Mar 2025 11:00:00 GMT', now)).toBe(0);
    expect(retryAfter('soon', now)).toBeUndefined();
    expect(retryAfter(null, now)).toBeUndefined();
  });
});

describe('contentHash', () => {
  const abc = new TextEncoder().encode('abc');

  it.each([
    // FIPS 180-2, and what `git hash-object` says of the same content.
    { sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
    { gitId: 'f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f' },
  ])('knows the content of $sha256$gitId', async (told) => {
    const file = { path: 'a', size: 3, ...told };
    const right = await contentHash(file);
    for (const byte of abc) right!.update(Uint8Array.of(byte));
    expect(right!.matches()).toBe(true);
    const wrong = await contentHash(file);
    wrong!.update(abc.toReversed());
    expect(wrong!.matches()).toBe(false);
  });

  it('is none where the listing tells none', async () => {
    expect(await contentHash({ path: 'a', size: 3 })).toBeUndefined();
  });
});
