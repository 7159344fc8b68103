import { streamOf, uniform } from '../core/random';
import type { BufferRange } from '../gpu/buffers';
import type { Device } from '../gpu/device';

/** Numbers of the pattern. */
const COUNT = 2 ** 18;

/** Random numbers from -1 to 1 for scratch memory: the same for the same key, wherever it lies. */
export class TrialNumbers {
  readonly #device: Device;
  readonly #purpose: string;
  #pattern: GPUBuffer | undefined;

  constructor(device: Device, purpose: string) {
    this.#device = device;
    this.#purpose = purpose;
  }

  /** Fills the range from the place in the pattern that the key stands for. */
  fill(key: string, { buffer, offset, bytes }: BufferRange): void {
    const { gpu } = this.#device;
    const pattern = (this.#pattern ??= this.#make());
    const encoder = gpu.createCommandEncoder();
    let from = (streamOf(key) % COUNT) * 4;
    for (let done = 0; done < bytes;) {
      const size = Math.min(bytes - done, pattern.size - from);
      encoder.copyBufferToBuffer(pattern, from, buffer, offset + done, size);
      done += size;
      from = 0;
    }
    gpu.queue.submit([encoder.finish()]);
  }

  destroy(): void {
    if (this.#pattern) this.#device.buffers.destroy(this.#purpose, this.#pattern);
    this.#pattern = undefined;
  }

  #make(): GPUBuffer {
    const { buffers } = this.#device;
    const values = Float32Array.from({ length: COUNT }, (_, index) => 2 * uniform(0, 0, index) - 1);
    const pattern = buffers.create(this.#purpose, 'numbers', values.byteLength);
    buffers.write(pattern, values);
    return pattern;
  }
}
