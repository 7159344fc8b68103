/** Milliseconds after which long work on a shared thread gives way. */
const SLICE = 50;

/**
 * Lets long work share its thread: between its pieces it awaits `giveWay`, which lets messages, timers and drawing have
 * their turn whenever a slice of time is used up.
 */
export class TimeSlices {
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();

  /** @param signal ends the work at the next chance */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Resolves at once within a slice, else after the others' turn. Throws the signal's reason.
   *
   * @returns whether others had their turn: the time to report progress
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
