/** Milliseconds after which long work on a shared thread lets others run. */
const SLICE = 50;

/**
 * Lets long work share its thread. The work awaits `giveWay` between its pieces; once a slice of time is used up, that
 * lets messages, timers and drawing run.
 */
export class TimeSlices {
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();

  /** @param signal ends the work at the next call of `giveWay` */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Resolves at once within a slice, else after others have run. Throws the signal's reason.
   *
   * @returns whether others have run: a good moment to report progress
   */
  async giveWay(): Promise<boolean> {
    this.#signal?.throwIfAborted();
    if (performance.now() - this.#since < SLICE) return false;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#since = performance.now();
    this.#signal?.throwIfAborted();
    return true;
  }
}
