import { streamOf, uniform } from '../core/random';
import type { MemoryPurpose } from '../core/memory_purposes';
import type { BufferRange } from '../gpu/buffers';
import type { Device } from '../gpu/device';

/** Numbers of the pattern: a prime, so that no two rows of a tensor are the same. */
const COUNT = 262_139;

/** Random numbers for scratch memory. The same key gives the same numbers at any place. */
export class TrialNumbers {
  readonly #device: Device;
  readonly #purpose: MemoryPurpose;
  /** By their largest magnitude. */
  readonly #patterns = new Map<number, GPUBuffer>();

  constructor(device: Device, purpose: MemoryPurpose) {
    this.#device = device;
    this.#purpose = purpose;
  }

  /** Fills the range with numbers from -largest to largest, from the place in their pattern that the key stands for. */
  fill({ buffer, offset, bytes }: BufferRange, key: string, largest: number): void {
    const { gpu } = this.#device;
    const pattern = this.#patterns.get(largest) ?? this.#make(largest);
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
    for (const pattern of this.#patterns.values()) this.#device.buffers.destroy(this.#purpose, pattern);
    this.#patterns.clear();
  }

  #make(largest: number): GPUBuffer {
    const { buffers } = this.#device;
    const values = Float32Array.from(
      { length: COUNT },
      (_, index) => largest * (2 * uniform(0, 0, index) - 1),
    );
    const pattern = buffers.create(this.#purpose, 'numbers', values.byteLength);
    buffers.write(pattern, values);
    this.#patterns.set(largest, pattern);
    return pattern;
  }
}
