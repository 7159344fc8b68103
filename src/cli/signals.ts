import { errorClass, TunesmithError } from '../core/errors';

/** The signals that end a program from outside, with their numbers: the terminal closes, Ctrl-C, `kill`. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
type Signal = keyof typeof SIGNALS;

let received: Signal = 'SIGINT';

/** The exit code after a signal, by the convention of shells: 130 after Ctrl-C. */
export function stoppedExitCode(): number {
  return 128 + SIGNALS[received];
}

/**
 * Runs work that a signal stops; a second signal ends the process at once. Throws `stopped` if the work fails after a
 * signal.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const listeners = (Object.keys(SIGNALS) as Signal[]).map((name) => {
    const listener = (): void => {
      received = name;
      if (stop.signal.aborted) process.exit(stoppedExitCode());
      stop.abort();
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  try {
    return await work(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted || errorClass(error) === 'stopped') throw error;
    throw new TunesmithError({ code: 'stopped', cause: error });
  } finally {
    for (const remove of listeners) remove();
  }
}
