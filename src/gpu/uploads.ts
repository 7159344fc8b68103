import type { Device } from './device';

/** Bytes that may wait in the queue before the next write waits for them. */
const MOST_WAITING = 16 * 2 ** 20;
/** The bytes of writes to wait for at once: a model has hundreds of small ones. */
const GROUP = 4 * 2 ** 20;

/**
 * Writes to buffers no faster than the device takes the bytes. A queue holds a copy of every write that is not done yet,
 * which for a whole model would be a second copy of it.
 */
export class Uploads {
  readonly #device: Pick<Device, 'buffers' | 'gpu' | 'check'>;
  readonly #waiting: { readonly bytes: number; readonly done: Promise<void> }[] = [];
  #waitingBytes = 0;
  #ungrouped = 0;

  constructor(device: Pick<Device, 'buffers' | 'gpu' | 'check'>) {
    this.#device = device;
  }

  /** Writes at a byte offset; both a multiple of 4. The data may be reused at once. Throws what the device reports. */
  async write(buffer: GPUBuffer, data: Uint8Array<ArrayBuffer>, offset = 0): Promise<void> {
    this.#device.buffers.write(buffer, data, offset);
    this.#waitingBytes += data.length;
    this.#ungrouped += data.length;
    if (this.#ungrouped >= GROUP) this.#group();
    while (this.#waitingBytes > MOST_WAITING) await this.#oldest();
  }

  /** Resolves when all that was written has arrived. */
  async idle(): Promise<void> {
    this.#group();
    while (this.#waiting.length > 0) await this.#oldest();
  }

  #group(): void {
    // A lost device rejects; `check` reports it with words for a person.
    const done = this.#device.gpu.queue.onSubmittedWorkDone().then(
      () => undefined,
      () => undefined,
    );
    this.#waiting.push({ bytes: this.#ungrouped, done });
    this.#ungrouped = 0;
  }

  async #oldest(): Promise<void> {
    const oldest = this.#waiting.shift();
    if (!oldest) return;
    await oldest.done;
    this.#waitingBytes -= oldest.bytes;
    this.#device.check();
  }
}
