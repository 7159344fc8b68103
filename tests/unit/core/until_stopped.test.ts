import { expect, it } from 'vitest';
import { untilStopped } from '../../../src/core/until_stopped';

const never = new Promise<never>(() => undefined);

it('is the work’s result or its error', async () => {
  const { signal } = new AbortController();
  expect(await untilStopped(Promise.resolve(1), undefined)).toBe(1);
  expect(await untilStopped(Promise.resolve(1), signal)).toBe(1);
  await expect(untilStopped(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
});

it('ends with the signal’s reason, whatever the work does later', async () => {
  const stop = new AbortController();
  const stopped = untilStopped(never, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(stopped).rejects.toThrow('stopped');
  // A rejection that nobody handles would fail the test's run.
  await expect(untilStopped(Promise.reject(new Error('no')), stop.signal)).rejects.toThrow('stopped');
});
