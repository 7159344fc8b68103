import { afterEach, describe, expect, it, vi } from 'vitest';
import { interruptible, stoppedExitCode } from '../../../src/cli/signals';

afterEach(() => vi.restoreAllMocks());

const untilStopped = (signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve('kept')));

describe('a signal', () => {
  it.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s asks the work to stop, and has the exit code %i', async (name, code) => {
    const before = process.listenerCount(name);
    const work = interruptible(untilStopped);
    process.emit(name);
    expect(await work).toBe('kept');
    expect(stoppedExitCode()).toBe(code);
    expect(process.listenerCount(name)).toBe(before);
  });

  it('ends the process when it comes a second time', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
    const work = interruptible(untilStopped);
    process.emit('SIGINT');
    process.emit('SIGTERM');
    await work;
    expect(exit).toHaveBeenCalledWith(143);
  });

  it('makes a failure after it a stop, and no other', async () => {
    const failing = interruptible(async (signal) => {
      await untilStopped(signal);
      throw new Error('cut off');
    });
    process.emit('SIGINT');
    await expect(failing).rejects.toMatchObject({ code: 'stopped' });
    await expect(interruptible(() => Promise.reject(new Error('of its own')))).rejects.toThrow('of its own');
  });
});
