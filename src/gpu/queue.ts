import type { DeviceHandle } from './handle';

/** A driver's watchdog resets the device after one to two seconds; a tenth of one also keeps the desktop smooth. */
const SUBMIT_SECONDS = 0.1;
/** Submits under way at once: enough to keep the device busy while the next one is written, few enough to stop soon. */
const DEPTH = 3;
/** Floating-point operations a second assumed before the first measurement: a slow software adapter's. */
const FIRST_RATE = 2e9;

/** Below this the time of a submit is mostly latency. */
const SHORTEST_SECONDS = 0.002;

/** Submits command buffers, bounds how many are under way, and learns how much work fits one submit. */
export class CommandQueue {
  readonly #device: DeviceHandle;
  readonly #pending: Promise<void>[] = [];
  #rate = FIRST_RATE;
  #lastDone = 0;
  #submits = 0;

  constructor(device: DeviceHandle) {
    this.#device = device;
  }

  /** Recently measured floating-point operations a second. */
  get rate(): number {
    return this.#rate;
  }

  /** Submits so far. */
  get submits(): number {
    return this.#submits;
  }

  /** Floating-point operations that one submit should hold at most. */
  get budget(): number {
    return this.#rate * SUBMIT_SECONDS;
  }

  /** Submits; waits only while more than a few submits are under way. Throws what the device reported meanwhile. */
  async submit(commands: GPUCommandBuffer, operations: number): Promise<void> {
    this.#device.check();
    const { queue } = this.#device.gpu;
    const submitted = performance.now();
    queue.submit([commands]);
    this.#submits++;
    this.#pending.push(
      queue.onSubmittedWorkDone().then(
        () => this.#measure(submitted, operations),
        // A lost device rejects; `check` reports it with words for a person.
        () => undefined,
      ),
    );
    while (this.#pending.length > DEPTH) await this.#pending.shift();
    this.#device.check();
  }

  /** Resolves when all that was submitted is done. */
  async idle(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
    this.#device.check();
  }

  #measure(submitted: number, operations: number): void {
    const done = performance.now();
    const seconds = (done - Math.max(submitted, this.#lastDone)) / 1000;
    this.#lastDone = done;
    // A short submit mostly measures the browser's latency, so it gives a lower bound of the device's speed.
    const rate = operations / Math.max(seconds, SHORTEST_SECONDS);
    if (seconds < SHORTEST_SECONDS && rate < this.#rate) return;
    this.#rate = 0.8 * this.#rate + 0.2 * Math.max(rate, FIRST_RATE / 4);
  }
}
