/**
 * Pause, resume and stop for a run under way. A stop keeps what was learnt. Both are heeded between micro-batches, so
 * after seconds at the most even where an optimizer step takes long.
 */
export class TrainControl {
  readonly #stop = new AbortController();
  #paused = false;
  #wake: () => void = () => undefined;

  /** @param signal where given, its abort is a stop */
  constructor(signal?: AbortSignal) {
    if (signal?.aborted) this.stop();
    else signal?.addEventListener('abort', () => this.stop(), { once: true });
  }

  /** Aborted by a stop, for what takes long within a run. */
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

  /** Resolves once the run is neither paused nor yet to be woken by a stop. */
  async whilePaused(): Promise<void> {
    while (this.paused) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Lets messages and other events through: resolves as a task of its own. */
export async function yieldToEvents(): Promise<void> {
  await new Promise<void>((resolve) => {
    // Timers are held back to 4 ms in browsers and to a second in hidden tabs; messages are not.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
