/** One thing that a rival was asked to compute, timed. */
export interface Measurement {
  /** Such as `matmul 512x512x512` (rows × inputs × outputs): the same name means the same computation everywhere. */
  readonly name: string;
  /**
   * Seconds of one run, until the GPU has finished. Several runs are averaged where one is too short to be told from the
   * wait; what the first call compiles is not counted.
   */
  run(): Promise<number>;
}

/** A rival, ready to be measured. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly measurements: readonly Measurement[];
  /**
   * Missing results with their reasons, and results that differ; empty if all is well. The first run of a block may add some.
   */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/** How many seconds a call of `run` computes at least, or one run where that takes longer. */
const SECONDS = 0.2;
const MOST_RUNS = 64;

/**
 * A measurement of something that is started without waiting for it.
 * @param start hands one run to the GPU
 * @param finish resolves when the GPU has done all that was started
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
