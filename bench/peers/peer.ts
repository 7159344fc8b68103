/** A timed computation of a peer. */
export interface Measurement {
  /** Such as `matmul 512x512x512` (rows × inputs × outputs): the same name means the same computation everywhere. */
  readonly name: string;
  /**
   * Seconds of one run, until the GPU has finished. Averages several runs if one is too short compared with the wait.
   * Does not count the compilation in the first call.
   */
  run(): Promise<number>;
}

/** A program to compare with, ready to be measured. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly measurements: readonly Measurement[];
  /**
   * Missing results with their reasons, and wrong results; empty if there are none. The first run of a block may add
   * notes.
   */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/** A call of `run` computes for at least this many seconds, or makes one run if that takes longer. */
const SECONDS = 0.2;
const MOST_RUNS = 64;

/**
 * A measurement of work that is started asynchronously.
 * @param start submits one run to the GPU
 * @param finish resolves when the GPU has finished all started work
 * @param warmUp a run that compiles before anything is timed
 */
export function measurement(
  name: string,
  start: () => void | Promise<void>,
  finish: () => Promise<void>,
  warmUp: () => void | Promise<void> = start,
): Measurement {
  let runs = 0;
  const time = async (count: number) => {
    const from = performance.now();
    for (let index = 0; index < count; index++) await start();
    await finish();
    return (performance.now() - from) / 1000 / count;
  };
  return {
    name,
    async run() {
      if (runs === 0) {
        await warmUp();
        await finish();
        const single = await time(1);
        runs = Math.max(1, Math.min(MOST_RUNS, Math.ceil(SECONDS / single)));
        if (runs === 1) return single;
      }
      return time(runs);
    },
  };
}
