import { describe, expect, it } from 'vitest';
import { message } from '../../../src/core/messages/message';
import type { Progress } from '../../../src/worker/protocol';
import { isTelling, withTimeLeft } from '../../../src/ui/shared/progress';

describe('withTimeLeft', () => {
  function follow(reports: readonly (readonly [seconds: number, progress: Progress])[]) {
    const shown: (number | undefined)[] = [];
    let time = 0;
    const listen = withTimeLeft(
      ({ etaSeconds }) => shown.push(etaSeconds),
      () => time * 1000,
    );
    for (const [seconds, progress] of reports) {
      time = seconds;
      listen(progress);
    }
    return shown;
  }

  it('goes by the pace so far, once there is one', () => {
    expect(
      follow([
        [0.5, { label: message('downloading', { repo: 'a' }), fraction: 0.1 }],
        [2, { label: message('downloading', { repo: 'a' }), fraction: 0.25 }],
        [4, { label: message('downloading', { repo: 'a' }), fraction: 0.5 }],
      ]),
    ).toEqual([undefined, 6, 4]);
  });

  it('starts over if the fraction falls', () => {
    expect(
      follow([
        [10, { label: message('downloading', { repo: 'a' }), fraction: 1 }],
        [10, { label: message('copy_keeping'), fraction: 0 }],
        [12, { label: message('copy_keeping'), fraction: 0.5 }],
      ]),
    ).toEqual([0, undefined, 2]);
  });

  it('leaves what the engine knows better', () => {
    expect(
      follow([[5, { label: message('downloading', { repo: 'a' }), fraction: 0.5, etaSeconds: 60 }]]),
    ).toEqual([60]);
  });

  it('tells no time for work whose rest takes another pace', () => {
    const label = message('kernels_preparing');
    expect(
      follow([
        [0, { label, fraction: 0, uneven: true }],
        [2, { label, fraction: 0.79, uneven: true }],
      ]),
    ).toEqual([undefined, undefined]);
  });

  it('never promises that no time is left', () => {
    expect([undefined, 0, 0.4].map(isTelling)).toEqual([false, false, false]);
    expect(isTelling(0.6)).toBe(true);
  });
});
