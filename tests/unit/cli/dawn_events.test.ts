import { afterEach, beforeEach, expect, it } from 'vitest';
import { askDawnCalmly } from '../../../src/cli/dawn_events';

const original = globalThis.setImmediate;
beforeEach(() => askDawnCalmly());
afterEach(() => void (globalThis.setImmediate = original));

/** The times in milliseconds at which a callback like Dawn's asks, from the first request to the end of the wait. */
async function asks(milliseconds: number): Promise<readonly number[]> {
  const began = performance.now();
  const times: number[] = [];
  await new Promise<void>((resolve) => {
    const ask = (): void => {
      const time = performance.now() - began;
      times.push(time);
      if (time >= milliseconds) resolve();
      else setImmediate(native);
    };
    // A bound function looks like one of a native module.
    const native = ask.bind(undefined);
    setImmediate(native);
  });
  return times;
}

it('lets Dawn ask at once, and then at most once a millisecond', async () => {
  const times = await asks(60);
  expect(times.length).toBeGreaterThan(1);
  expect(times.filter((time) => time > 3).length).toBeLessThanOrEqual(58);
  // The next wait begins without a pause.
  expect(await asks(0)).toHaveLength(1);
});

it('leaves other callers alone, also those that wait for a promise', async () => {
  const order: string[] = [];
  setTimeout(() => order.push('timeout'), 20);
  for (let i = 0; i < 100; i++) await new Promise<void>((resolve) => void setImmediate(() => resolve()));
  order.push('immediates');
  expect(order).toEqual(['immediates']);
  const { promisify } = await import('node:util');
  expect(await promisify(setImmediate)('value')).toBe('value');
});
