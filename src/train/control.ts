/**
 * Pauses, resumes and stops a run. A stop keeps the progress. Pause and stop take effect between micro-batches, that is
 * within seconds even if an optimizer step takes long.
 */
export class TrainControl {
  readonly #stop = new AbortController();
  #paused = false;
  #wake: () => void = () => undefined;

  /** @param signal if given, its abort stops the run */
  constructor(signal?: AbortSignal) {
    if (signal?.aborted) this.stop();
    else signal?.addEventListener('abort', () => this.stop(), { once: true });
  }

  /** Aborted by a stop; for long work within a run. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  get paused(): boolean {
    return this.#paused && !this.stopped;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#wake();
  }

  stop(): void {
    this.#stop.abort();
    this.#wake();
  }

  /** Resolves once the run is no longer paused, or is stopped. */
  async whilePaused(): Promise<void> {
    while (this.paused) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Lets messages and other events run: resolves in a new task. */
export async function yieldToEvents(): Promise<void> {
  await new Promise<void>((resolve) => {
    // Browsers delay timers to 4 ms, and to a second in hidden tabs, but not messages.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
